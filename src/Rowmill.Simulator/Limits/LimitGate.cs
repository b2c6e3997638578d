namespace Rowmill.Simulator.Limits;

/// <summary>The buckets of every key and model. Admission takes from all of them or none. Safe for concurrent use.</summary>
internal sealed class LimitGate(SimulatorOptions options, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Key, string Model), Account> _accounts = [];

    /// <summary>Reserves one request and so many tokens, or says what is in the way.</summary>
    public Admission Admit(string key, string model, long tokens)
    {
        lock (_gate)
        {
            var account = Find(key, model);
            Refusal? refusal = null;
            foreach (var bucket in account.Buckets)
            {
                if (bucket.Check(bucket.OfRequests ? 1 : tokens) is not { } found) continue;
                // A request that can never fit is told so; otherwise the longest wait, after which the request gets in.
                if (refusal is null || (found.Oversized, found.Wait).CompareTo((refusal.Oversized, refusal.Wait)) > 0) refusal = found;
            }

            if (refusal is null)
            {
                foreach (var bucket in account.Buckets) bucket.Take(bucket.OfRequests ? 1 : tokens);
            }

            BucketReading[] readings = [.. account.Buckets.Select(b => b.Read())];
            return new Admission(refusal is null ? new Reservation(this, account, tokens) : null, refusal, readings);
        }
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
        foreach (var bucket in account.Buckets) bucket.Refill(elapsed);
    }

    private IEnumerable<Bucket> Buckets()
    {
        var minute = TimeSpan.FromMinutes(1);
        var day = TimeSpan.FromDays(1);
        if (options.RequestsPerMinute is { } rpm) yield return new Bucket(Dimension.RequestsPerMinute, rpm, options.Burst ?? rpm, minute);
        if (options.TokensPerMinute is { } tpm) yield return new Bucket(Dimension.TokensPerMinute, tpm, tpm, minute);
        if (options.RequestsPerDay is { } rpd) yield return new Bucket(Dimension.RequestsPerDay, rpd, rpd, day);
        if (options.TokensPerDay is { } tpd) yield return new Bucket(Dimension.TokensPerDay, tpd, tpd, day);
    }

    internal sealed class Account(Bucket[] buckets, long at)
    {
        public Bucket[] Buckets { get; } = buckets;

        public long At { get; set; } = at;
    }

    /// <summary>What one request holds of the buckets until it ends.</summary>
    internal sealed class Reservation(LimitGate gate, Account account, long tokens)
    {
        /// <summary>The request ended and used so many tokens: the rest goes back.</summary>
        public void Settle(long used) => Return(requests: 0, tokens - used);

        /// <summary>The request counts as never made.</summary>
        public void Cancel() => Return(requests: 1, tokens);

        private void Return(int requests, long unused)
        {
            lock (gate._gate)
            {
                gate.Refill(account);
                foreach (var bucket in account.Buckets) bucket.GiveBack(bucket.OfRequests ? requests : unused);
            }
        }
    }
}

/// <summary>What came of asking to be let in.</summary>
/// <param name="Reservation">What was reserved; null when refused.</param>
/// <param name="Refusal">What is in the way; null when admitted.</param>
/// <param name="Readings">The buckets afterwards, for the headers.</param>
internal sealed record Admission(LimitGate.Reservation? Reservation, Refusal? Refusal, IReadOnlyList<BucketReading> Readings);
