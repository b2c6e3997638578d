using Rowmill.Core.Models;

namespace Rowmill.Core.Limits;

/// <summary>What the service's words make of a window. Nothing here knows of claims or stores.</summary>
/// <remarks>
/// What a service says holds for some instant between the request's leaving and its answer. So two bounds follow from what is left:
/// at least so much is used now (all of the time since then refilled, all that was given back was in it), and at most so much (all
/// that was charged here since then came after it). Usage between the two is left as it is.
/// </remarks>
internal static class WindowLessons
{
    /// <summary>A bucket is smaller than was thought when it shows less than this share: what lies nearer may be rounding.</summary>
    public const double ClearlySmaller = 0.75;

    /// <summary>A refusal may round its wait up to whole seconds.</summary>
    private static readonly TimeSpan s_rounding = TimeSpan.FromSeconds(1);

    /// <summary>Two refusals that contradict what is known are one and the same lesson within this time.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromHours(1);

    /// <summary>No wait is believed for longer: who says a year is asked again once a day.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <summary>The window with the limit that a reading names.</summary>
    public static KeptWindow Limited(KeptWindow window, LimitReading reading, WindowSpec told, DateTimeOffset now) => (window with
    {
        Told = reading.Limit is > 0 ? window.Told == told ? window.Told : told : window.Told,
        ToldAt = reading.Limit is > 0 ? now : window.ToldAt,
        Calendar = window.Calendar || reading.Calendar,
    }).Fitted();

    /// <summary>The window with the size of its bucket, where a reading shows it: what is left, and what refills until it is full.</summary>
    /// <param name="window">The window.</param>
    /// <param name="reading">What the service said.</param>
    /// <param name="latest">The last reservation made.</param>
    /// <param name="now">The clock's instant.</param>
    public static KeptWindow Sized(KeptWindow window, LimitReading reading, long latest, DateTimeOffset now)
    {
        if (window.Spec.Calendar || reading.Remaining is not { } remaining) return window;
        var limit = ServiceLimit(window);

        // A whole number of seconds may be rounded, and then says nothing of a bucket that fills within seconds.
        double? seen = reading.FullIn is { } full && full > TimeSpan.Zero && full.Ticks % TimeSpan.TicksPerSecond != 0
            ? remaining + full.TotalSeconds * limit / window.Spec.Span.TotalSeconds
            : null;
        var size = window.Burst ?? limit;
        if (seen is { } s && (s < ClearlySmaller * size || (window.Burst is not null && (window.BurstGrows || s > size)))) return Sized(s);
        var rest = remaining - Slack(window.Spec, remaining);
        if (window.Burst is not null && rest > size) return Sized(rest);
        return seen is not null && window.Burst is not null ? window with { BurstAt = now } : window;

        KeptWindow Sized(double to)
        {
            var sized = (window with
            {
                Burst = to < ClearlySmaller * limit ? to : null,
                BurstAt = now,
                BurstOrder = latest,
                BurstGrows = false,
            }).Fitted();

            // What was counted by the larger size is no more than the bucket holds.
            return sized with { Usage = sized.Usage with { Used = Math.Min(sized.Usage.Used, sized.Spec.Capacity) } };
        }
    }

    /// <summary>The window with at least what must be used of it.</summary>
    /// <param name="window">The window.</param>
    /// <param name="reading">What the service said.</param>
    /// <param name="sentAt">When its request left.</param>
    /// <param name="givenBack">What was given back since then.</param>
    /// <param name="now">The clock's instant.</param>
    public static KeptWindow Raised(KeptWindow window, LimitReading reading, DateTimeOffset sentAt, Charge givenBack, DateTimeOffset now)
    {
        if (reading.Remaining is not { } remaining || IsOfYesterday(window.Spec, sentAt, now)) return window;
        var refilled = window.Spec.Calendar || now < sentAt ? 0 : (now - sentAt).TotalSeconds * ServiceLimit(window) / window.Spec.Span.TotalSeconds;
        return AtLeast(window, window.Spec.Capacity - remaining - Slack(window.Spec, remaining) - refilled - givenBack[window.Spec.Measure]);
    }

    /// <summary>A window that was not known before, with what the service said is used of it.</summary>
    public static KeptWindow Begun(KeptWindow window, LimitReading reading) =>
        reading.Remaining is { } remaining ? AtLeast(window, window.Spec.Capacity - remaining) : window;

    /// <summary>The most that can be used of a window, apart from what was charged here since.</summary>
    /// <returns>Null when the reading does not tell.</returns>
    public static double? MostUsed(KeptWindow window, LimitReading reading, DateTimeOffset sentAt, DateTimeOffset now)
    {
        // Nothing left may be less than nothing.
        if (reading.Remaining is not > 0 || IsOfYesterday(window.Spec, sentAt, now)) return null;
        var remaining = reading.Remaining.Value;
        var size = Math.Min(window.Burst ?? double.MaxValue, ServiceLimit(window));
        return Math.Max(0, size - remaining + Slack(window.Spec, remaining));
    }

    /// <summary>The window with a bucket no larger than what had been let in when it refused although there was room by what is known here.</summary>
    /// <remarks>
    /// A refusal that tells less left than was asked for may only show that others use the account too. So the first one sets the usage;
    /// another that comes soon after, when that usage says there is room again, shows a bucket that is smaller than its limit.
    /// </remarks>
    /// <param name="window">The window.</param>
    /// <param name="refusal">What the service said.</param>
    /// <param name="amount">What it took the request for.</param>
    /// <param name="admitted">What had been let in for certain and is not refilled; requests on their way are not in it.</param>
    /// <param name="latest">The last reservation made.</param>
    /// <param name="now">The clock's instant.</param>
    public static KeptWindow Resized(
        KeptWindow window, LimitReading refusal, double amount, double admitted, long latest, DateTimeOffset now)
    {
        var surprises = Room(window, refusal) < amount && window.Burst is null && now - window.BurstAt > s_soon;
        return surprises
            ? window with { BurstAt = now, BurstOrder = latest }
            : (window with { Burst = admitted, BurstAt = now, BurstOrder = latest, BurstGrows = true }).Fitted();
    }

    /// <summary>The window after a request turned out to have been let in before the refusal that showed its size: what is left stays.</summary>
    public static KeptWindow Grown(KeptWindow window, double amount)
    {
        double? burst = window.Burst + amount;
        var isLess = burst < ServiceLimit(window);
        var grown = (window with { Burst = isLess ? burst : null, BurstAt = isLess ? window.BurstAt : default }).Fitted();
        return grown with { Usage = grown.Usage with { Used = grown.Usage.Used + grown.Spec.Capacity - window.Spec.Capacity } };
    }

    /// <summary>The window after it refused a request: nothing leaves before it takes it.</summary>
    /// <param name="window">The window, the refused request not charged.</param>
    /// <param name="refusal">What the service said.</param>
    /// <param name="amount">What it took the request for.</param>
    /// <param name="charged">What is charged here for the same request, zero where that is not known.</param>
    /// <param name="later">What was charged for requests that left later and are on their way.</param>
    public static KeptWindow Refused(KeptWindow window, LimitReading refusal, double amount, double charged, double later)
    {
        var (spec, usage) = (window.Spec, window.Usage);

        // Whatever wait Google names with it: the day is used up until its midnight.
        if (spec.Calendar) return AtLeast(window, spec.Limit);
        var wait = refusal.OpensIn is { } opens && opens > LongestWait ? LongestWait : refusal.OpensIn;
        var service = refusal.Limit ?? ServiceLimit(window);
        if (wait is null && service > spec.Limit && Room(window, refusal) is { } left)
            wait = TimeSpan.FromSeconds(Math.Min(Math.Max(0, amount - left) / service * spec.Span.TotalSeconds, LongestWait.TotalSeconds));

        // The same request must wait that long, whatever the service took it for; a window never admits more than its limit.
        var again = Math.Min(charged > 0 ? charged : amount, spec.Limit);
        double? byWait = wait is { } w ? spec.CapacityFor(again) - again + w.TotalSeconds * spec.PerSecond : null;

        // What the service counts in a larger window, or too large a request, says only how long: what is used here by the job's own limit stays.
        if (service > spec.Limit || amount > spec.Limit)
            return window with { Usage = usage with { Used = Math.Max(usage.Used, (byWait ?? spec.Capacity) + later) } };
        var used = Room(window, refusal) is { } room && room < amount
            ? Math.Max(spec.Capacity - room, byWait - s_rounding.TotalSeconds * spec.PerSecond ?? 0)
            : byWait ?? spec.Capacity;
        return window with { Usage = usage with { Used = Math.Max(0, used) + later } };
    }

    /// <summary>True for a refusal of a request larger than the service ever admits, without a wait: that says nothing of what is used.</summary>
    public static bool IsTooLarge(KeptWindow window, LimitReading refusal, double amount) =>
        refusal.OpensIn is null && amount > (refusal.Limit is > 0 ? refusal.Limit.Value : ServiceLimit(window));

    private static double? Room(KeptWindow window, LimitReading refusal) =>
        refusal.Used is { } used ? (refusal.Limit ?? ServiceLimit(window)) - used : refusal.Remaining;

    private static long ServiceLimit(KeptWindow window) => window.Told?.Limit ?? window.Spec.Limit;

    private static KeptWindow AtLeast(KeptWindow window, double used) =>
        window.Usage.Used < used ? window with { Usage = window.Usage with { Used = used } } : window;

    private static bool IsOfYesterday(WindowSpec spec, DateTimeOffset sentAt, DateTimeOffset now) =>
        spec.Calendar && sentAt < CalendarDay.Of(now).Start;

    /// <summary>How far what is left may be from the truth: requests come in whole ones, and Anthropic rounds tokens to thousands.</summary>
    private static double Slack(WindowSpec spec, double remaining) =>
        spec.Measure != WindowMeasure.Requests && remaining % 1_000 == 0 ? 1_000 : 1;
}
