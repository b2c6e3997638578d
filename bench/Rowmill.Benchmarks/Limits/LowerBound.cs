namespace Rowmill.Benchmarks.Limits;

/// <summary>
/// How soon the calls of a ledger could have been let in by any scheduler: windows are linear constraints.
/// </summary>
/// <remarks>
/// A row takes from each window of its service what the ledger's rows took on average. By time T a window that refills has admitted
/// at most capacity + rate × T, a calendar day at most its limit for each day begun; a service no more rows than its tightest window
/// allows. The bound is the least T by which all services together admit all rows. With one service that is
/// (total − capacity) ÷ rate of the tightest window. The last reply is there no sooner than the quickest of all was after its
/// admission. A local server works on so many calls at once, for as long as it did. Fractions of a call are allowed, no reservation is
/// larger than what was used in the end, and nothing travels: each favours the bound.
/// </remarks>
internal static class LowerBound
{
    /// <summary>The least time from the start until the service has ended the last call.</summary>
    public static TimeSpan Of(IReadOnlyList<PretendService> services, DateTimeOffset start)
    {
        var rows = services.Sum(s => s.Ledger.Sum(c => (double)c.Rows));
        if (rows == 0) return TimeSpan.Zero;
        // What a local server works on is part of its rate.
        var reply = services.Any(s => s.Slots is not null) ? TimeSpan.Zero : services.SelectMany(s => s.Ledger).Min(c => c.Worked);
        double low = 0, high = 1;
        while (Admits(services, start, high) < rows) high *= 2;
        for (var i = 0; i < 100; i++)
        {
            var middle = (low + high) / 2;
            if (Admits(services, start, middle) < rows) low = middle;
            else high = middle;
        }

        return TimeSpan.FromSeconds(high) + reply;
    }

    private static double Admits(IReadOnlyList<PretendService> services, DateTimeOffset start, double seconds)
    {
        var sum = 0.0;
        foreach (var service in services)
        {
            // A service that was never asked would take as much for a row as the others.
            var ledger = service.Ledger.Count > 0 ? service.Ledger : services.SelectMany(s => s.Ledger).ToList();
            var rows = ledger.Sum(c => (double)c.Rows);
            var most = double.PositiveInfinity;
            foreach (var window in service.Options.Windows)
            {
                var each = ledger.Sum(c => c.Taken[window.Counts]) / rows;
                var admits = window.Calendar
                    ? window.Limit * (double)Days(start, start + TimeSpan.FromSeconds(seconds))
                    : window.Capacity + window.PerSecond * seconds;
                if (each > 0) most = Math.Min(most, admits / each);
            }

            if (service.Options.Slots is { } slots) most = Math.Min(most, seconds * slots * rows / ledger.Sum(c => c.Worked.TotalSeconds));
            sum += most;
        }

        return sum;
    }

    private static int Days(DateTimeOffset from, DateTimeOffset to)
    {
        var days = 1;
        for (var midnight = LosAngeles.NextMidnight(from); midnight <= to; midnight = LosAngeles.NextMidnight(midnight)) days++;
        return days;
    }
}
