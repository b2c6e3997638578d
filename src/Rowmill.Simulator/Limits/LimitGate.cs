namespace Rowmill.Simulator.Limits;

/// <summary>The buckets of every key and model. Admission takes from all of them or none. Safe for concurrent use.</summary>
internal sealed class LimitGate(SimulatorOptions options, TimeProvider clock, bool calendarDays)
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Key, string Model), Account> _accounts = [];

    private DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>Reserves one request and its tokens, or says what is in the way.</summary>
    public Admission Admit(string key, string model, Claim claim)
    {
        lock (_gate)
        {
            var account = Find(key, model);
            Refusal? refusal = null;
            foreach (var bucket in account.Buckets)
            {
                if (bucket.Check(claim.Of(bucket.Dimension)) is not { } found) continue;
                // A request that can never fit is told so; otherwise the longest wait, after which the request gets in.
                if (refusal is null || (found.Oversized, found.Wait).CompareTo((refusal.Oversized, refusal.Wait)) > 0) refusal = found;
            }

            if (refusal is null)
            {
                foreach (var bucket in account.Buckets) bucket.Take(claim.Of(bucket.Dimension));
                account.Counts.Admit(Now);
            }
            else
            {
                account.Counts.Refuse(refusal);
            }

            var readings = new BucketReading[account.Buckets.Length];
            for (var i = 0; i < readings.Length; i++) readings[i] = account.Buckets[i].Read();
            return new Admission(refusal is null ? new Reservation(this, account, claim) : null, refusal, readings);
        }
    }

    /// <summary>What each key and model has taken, in the order of their first request.</summary>
    public IReadOnlyList<AccountStats> Accounts()
    {
        lock (_gate) return [.. _accounts.Select(a => a.Value.Counts.Snapshot(a.Key.Key, a.Key.Model))];
    }

    public void Reset()
    {
        lock (_gate) _accounts.Clear();
    }

    private Account Find(string key, string model)
    {
        if (!_accounts.TryGetValue((key, model), out var account))
        {
            _accounts[(key, model)] = account = new Account([.. Buckets()], clock.GetTimestamp());
        }

        Refill(account);
        return account;
    }

    private void Refill(Account account)
    {
        var now = clock.GetTimestamp();
        var elapsed = clock.GetElapsedTime(account.At, now);
        if (elapsed <= TimeSpan.Zero) return;
        account.At = now;
        foreach (var bucket in account.Buckets) bucket.Refill(elapsed, Now);
    }

    /// <summary>A burst counts requests; the buckets of tokens per minute shrink in the same proportion, those of days do not.</summary>
    private IEnumerable<Bucket> Buckets()
    {
        var share = options is { Burst: { } burst, RequestsPerMinute: { } requests } ? (double)burst / requests : 1;
        if (options.RequestsPerMinute is { } rpm) yield return new Bucket(Dimension.RequestsPerMinute, rpm, options.Burst ?? rpm, s_minute);
        if (options.TokensPerMinute is { } tpm) yield return new Bucket(Dimension.TokensPerMinute, tpm, tpm * share, s_minute);
        if (options.InputTokensPerMinute is { } itpm) yield return new Bucket(Dimension.InputTokensPerMinute, itpm, itpm * share, s_minute);
        if (options.OutputTokensPerMinute is { } otpm) yield return new Bucket(Dimension.OutputTokensPerMinute, otpm, otpm * share, s_minute);
        if (options.RequestsPerDay is { } rpd) yield return Day(Dimension.RequestsPerDay, rpd);
        if (options.TokensPerDay is { } tpd) yield return Day(Dimension.TokensPerDay, tpd);
    }

    private Bucket Day(Dimension dimension, long limit) =>
        calendarDays ? new CalendarBucket(dimension, limit, Now) : new Bucket(dimension, limit, limit, s_day);

    internal sealed class Account(Bucket[] buckets, long at)
    {
        public Bucket[] Buckets { get; } = buckets;

        public AccountCounts Counts { get; } = new();

        public long At { get; set; } = at;
    }

    /// <summary>What one request holds of the buckets until it ends.</summary>
    internal sealed class Reservation(LimitGate gate, Account account, Claim claim)
    {
        /// <summary>The request ended and used so much: the rest goes back.</summary>
        /// <param name="used">What counts towards the limits.</param>
        /// <param name="bill">What is charged for; null for nothing.</param>
        public void Settle(Claim used, Ledger.Bill? bill)
        {
            lock (gate._gate)
            {
                gate.Refill(account);
                foreach (var bucket in account.Buckets) bucket.GiveBack(claim.Of(bucket.Dimension) - used.Of(bucket.Dimension));
                account.Counts.Settle(used, bill, gate.Now);
            }
        }

        /// <summary>The request counts as never made.</summary>
        public void Cancel()
        {
            lock (gate._gate)
            {
                gate.Refill(account);
                foreach (var bucket in account.Buckets) bucket.GiveBack(claim.Of(bucket.Dimension));
                account.Counts.Cancel();
            }
        }
    }
}

/// <summary>What came of asking to be let in.</summary>
/// <param name="Reservation">What was reserved; null when refused.</param>
/// <param name="Refusal">What is in the way; null when admitted.</param>
/// <param name="Readings">The buckets afterwards, for the headers.</param>
internal sealed record Admission(LimitGate.Reservation? Reservation, Refusal? Refusal, IReadOnlyList<BucketReading> Readings);
