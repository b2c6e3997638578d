using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Rowmill;

/// <summary>Adds Rowmill to an application's services.</summary>
public static class RowmillServiceCollectionExtensions
{
    /// <summary>
    /// Adds one <see cref="RowmillService"/> for the whole application. Its store is opened when it is first used, and closed with the
    /// application; keys come from the environment. A second call changes nothing.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Says where the store is; null for <c>.rowmill/rowmill.db</c> in the current directory.</param>
    public static IServiceCollection AddRowmill(this IServiceCollection services, Action<RowmillOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(provider =>
        {
            var options = new RowmillOptions();
            configure?.Invoke(options);
            options.Clock ??= provider.GetService<TimeProvider>();
            return new RowmillService(options);
        });
        return services;
    }
}
