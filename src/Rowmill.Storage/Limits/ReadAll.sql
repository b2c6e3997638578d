select o.provider, o.base_url, o.account, o.model, u.window, u.measure, u.span, u.quota, u.capacity, u.used, u.at
from usage u join owner o on o.id = u.owner
order by o.provider, o.model, o.base_url, o.account, u.window
