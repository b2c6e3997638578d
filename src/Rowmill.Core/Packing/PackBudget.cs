using Rowmill.Core.Models;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Packing;

/// <summary>Tokens set aside for one request.</summary>
/// <param name="Input">Prompt tokens.</param>
/// <param name="Output">Reply tokens: the request's output limit.</param>
internal readonly record struct PackReservation(int Input, int Output);

/// <summary>Expected tokens of a request: what is the same in each, and what every row adds.</summary>
/// <param name="Fixed">Prompt tokens that travel with every request and count.</param>
/// <param name="RowInput">Prompt tokens of a row.</param>
/// <param name="RowOutput">Reply tokens of a row.</param>
internal readonly record struct PackCost(double Fixed, double RowInput, double RowOutput);

/// <summary>
/// How many rows one request to a route may carry: prompt and reserved reply must fit the model's context, the reply its output limit,
/// and both together what the route's windows ever admit at once. Safe for concurrent use.
/// </summary>
/// <remarks>
/// What is reserved learns from measured calls. <see cref="LargestRow"/> does not: it depends on the job and the route alone, so every
/// pass over a source judges a row alike, and a row that it lets pass is never refused by a window that the job writes down: alone, its
/// reservation gives up what it holds beyond the expected.
/// </remarks>
internal sealed class PackBudget
{
    /// <summary>Framing of one row in prompt and reply: braces, id, commas.</summary>
    private const int RowFrame = 8;

    /// <summary>Framing of a request: message roles, the outer object.</summary>
    private const int RequestFrame = 24;

    /// <summary>Room for a thinking model before it answers, per request and per row.</summary>
    private const int ThinkingBase = 1024;
    private const int ThinkingRow = 64;

    private readonly Route _route;
    private readonly int _systemTokens;
    private readonly int _replyRowTokens;
    private readonly int _outputCap;
    private readonly bool _thinks;
    private readonly Windows _written;
    private volatile Windows _windows;
    private volatile int _context;

    /// <summary>Creates the budget of one route.</summary>
    /// <param name="route">The route.</param>
    /// <param name="question">The question.</param>
    /// <param name="systemTokens">Estimated tokens of the system message and of what else is sent with every request.</param>
    /// <param name="calibration">What calls have shown; null when nothing is known.</param>
    public PackBudget(Route route, Question question, int systemTokens, TokenCalibration? calibration = null)
    {
        _route = route;
        _context = route.ContextTokens;
        _systemTokens = systemTokens + RequestFrame;
        _replyRowTokens = TokenEstimate.OfAscii(question.Schema.EstimatedBytes) + RowFrame;
        _outputCap = Math.Min(route.MaxOutputTokens, question.Sampling.MaxOutputTokens ?? int.MaxValue);
        // Some models think only when they are asked to.
        _thinks = route.Thinks || question.Sampling.ReasoningEffort is not (null or "none");
        var limits = route.Limits;
        _windows = _written = new(
            Math.Min(limits.TokensPerMinute ?? long.MaxValue, limits.TokensPerDay ?? long.MaxValue),
            limits.InputTokensPerMinute ?? long.MaxValue,
            limits.OutputTokensPerMinute ?? long.MaxValue);
        Calibration = calibration ?? new();
    }

    private PackBudget(PackBudget other, TokenCalibration calibration)
    {
        (_route, _systemTokens, _replyRowTokens, _outputCap) = (other._route, other._systemTokens, other._replyRowTokens, other._outputCap);
        _thinks = other._thinks;
        _windows = _written = other._written;
        _context = other._context;
        Calibration = calibration;
    }

    /// <summary>The route's price; null when unknown.</summary>
    public Price? Price => _route.Price;

    /// <summary>What calls have shown.</summary>
    public TokenCalibration Calibration { get; }

    /// <summary>The most that prompt and reply may take together now: the route's context, or what of it the serving machine's memory holds.</summary>
    public int ContextTokens
    {
        get => _context;
        set => _context = Math.Min(value, _route.ContextTokens);
    }

    /// <summary>Estimated fields of the usual row measured; null while nothing is known.</summary>
    public double? UsualRow => Calibration.Known is { Calls: > 0 } m ? Math.Max(0, (m.Estimated - m.Calls * _systemTokens) / m.Rows - RowFrame) : null;

    /// <summary>The same budget, reserving by what calls have shown; it judges rows alike.</summary>
    public PackBudget Learning(TokenCalibration calibration) => new(this, calibration);

    /// <summary>What the route's windows admit at once changed. What the job writes down holds all the same.</summary>
    public void Follow(RouteRates rates) => _windows = new(
        Math.Min(_written.Tokens, rates.LargestTokens), Math.Min(_written.Input, rates.LargestInput), Math.Min(_written.Output, rates.LargestOutput));

    /// <summary>
    /// The largest row, in tokens of its fields, that a request of its own can carry, by estimate, in the model's context and in every
    /// window of tokens that the job writes down; negative when none fits.
    /// </summary>
    public int LargestRow => (int)Math.Max(-1, PromptRoom(_written, Plain(1)) - EstimateFor(1, 0));

    /// <summary>Prompt tokens as estimated, uncalibrated: what <see cref="TokenCalibration.Observe"/> compares with.</summary>
    public long EstimateFor(int rows, long fieldTokens) => _systemTokens + (long)rows * RowFrame + fieldTokens;

    /// <summary>Prompt tokens to reserve for a request whose rows' fields are estimated at this many.</summary>
    public int InputFor(int rows, long fieldTokens) => Whole(Calibration.Input(EstimateFor(rows, fieldTokens)).High);

    /// <summary>Tokens to reserve for the reply to this many rows, as far as the model's output limit allows.</summary>
    public int OutputFor(int rows) => Math.Min(Whole(Output(rows).High), _outputCap);

    /// <summary>
    /// What to reserve for a request: seldom too little. Several rows that do not <see cref="Fits"/> are better split; a single row
    /// gets what context and windows leave, as long as that is the expected.
    /// </summary>
    public PackReservation Reserve(int rows, long fieldTokens)
    {
        var input = InputFor(rows, fieldTokens);
        var output = OutputFor(rows);
        if (rows > 1 || output <= Room(_windows, input)) return new(input, output);

        var estimate = EstimateFor(rows, fieldTokens);
        var expected = Math.Min(Whole(Output(1).Mean), (int)Plain(1));
        var room = Room(_windows, input);
        if (room < expected)
        {
            input = (int)Math.Min(estimate, Whole(Calibration.Input(estimate).Mean));
            room = Room(_windows, input);
        }

        return new(input, (int)Math.Max(Math.Min(room, output), expected));
    }

    /// <summary>The same, for a row alone whose reply was cut short: more room for the reply, as far as <see cref="MostOutput"/> allows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="fieldTokens">Estimated tokens of their fields.</param>
    /// <param name="room">Reply tokens wanted at least; 0 for the usual.</param>
    public PackReservation Reserve(int rows, long fieldTokens, int room)
    {
        var usual = Reserve(rows, fieldTokens);
        return room <= usual.Output ? usual : usual with { Output = Math.Max(usual.Output, Math.Min(room, MostOutput(fieldTokens))) };
    }

    /// <summary>The most reply tokens a row alone can get: what the output limit, the context and the windows leave it.</summary>
    /// <param name="fieldTokens">Estimated tokens of its fields.</param>
    public int MostOutput(long fieldTokens) => (int)Math.Clamp(Room(_windows, InputFor(1, fieldTokens)), 0, _outputCap);

    /// <summary>Whether so many rows with so many tokens of fields fit one request.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="fieldTokens">Estimated tokens of their fields.</param>
    /// <param name="share">How much of what the windows admit at once several rows may take, up to 1.</param>
    public bool Fits(int rows, long fieldTokens, double share = 1)
    {
        // A single row may be cut short by the output limit and still be tried; several must have room for all.
        if (rows > 1 && Output(rows).High > _outputCap) return false;
        var (input, output) = Reserve(rows, fieldTokens);
        return output <= Room(rows > 1 ? _windows.Part(share) : _windows, input);
    }

    /// <summary>The most rows of this size that fit one request; 0 when not even one does.</summary>
    /// <param name="fieldTokens">Estimated tokens of a row's fields.</param>
    /// <param name="most">No more than this many.</param>
    /// <param name="share">See <see cref="Fits"/>.</param>
    public int MostRows(double fieldTokens, int most, double share = 1)
    {
        var (fit, over) = (0, most + 1);
        while (over - fit > 1)
        {
            var rows = fit + (over - fit) / 2;
            if (Fits(rows, (long)Math.Ceiling(rows * fieldTokens), share)) fit = rows;
            else over = rows;
        }

        return fit;
    }

    /// <summary>What a request is expected to take from the windows.</summary>
    /// <param name="fieldTokens">Estimated tokens of the usual row's fields.</param>
    public PackCost Cost(double fieldTokens)
    {
        const int Many = 100;
        var prompt = Calibration.Input(_systemTokens).Mean;
        var rows = Calibration.Input(_systemTokens + Many * (RowFrame + fieldTokens)).Mean - prompt;
        var cached = TokenRules.CountsCached(_route.Provider) ? 0 : Calibration.CachedPerCall;
        return new(Math.Max(0, prompt - cached), Math.Max(0, rows) / Many, Math.Min(Output(Many).Mean / Many, _outputCap));
    }

    /// <summary>A reply came: the calibration learns.</summary>
    /// <param name="rows">Rows of the request.</param>
    /// <param name="fieldTokens">Estimated tokens of their fields.</param>
    /// <param name="usage">What the service counted, not what was estimated for it.</param>
    /// <param name="truncated">Whether the output limit cut the reply short.</param>
    /// <param name="latency">From leaving to the last byte; null for a line of a batch.</param>
    public void Observe(int rows, long fieldTokens, TokenUsage usage, bool truncated, TimeSpan? latency) =>
        Calibration.Observe(rows, EstimateFor(rows, fieldTokens), usage, truncated, latency, Wanted(rows));

    /// <summary>The service refused a request as too large and said what it took it for ("Limit L, Requested R").</summary>
    /// <param name="rows">Rows of the request.</param>
    /// <param name="fieldTokens">Estimated tokens of their fields.</param>
    /// <param name="reserved">What was reserved for it.</param>
    /// <param name="requested">R.</param>
    public void Refused(int rows, long fieldTokens, PackReservation reserved, long requested) =>
        Calibration.Refused(EstimateFor(rows, fieldTokens), TokenRules.InputOf(_route.Provider, requested, reserved.Output));

    /// <summary>The schema's estimate of a reply, with headroom for thinking.</summary>
    private long Wanted(int rows) => RequestFrame + (long)rows * _replyRowTokens + (_thinks ? ThinkingBase + (long)rows * ThinkingRow : 0);

    /// <summary>What was reserved for a reply if nothing had been measured.</summary>
    private long Plain(int rows) => Math.Min(Wanted(rows), _outputCap);

    private TokenRange Output(int rows) => Calibration.Output(rows, Wanted(rows));

    /// <summary>Tokens left beside a prompt for its reply; negative when the prompt itself is too large.</summary>
    private long Room(Windows windows, long input) => input > windows.Input
        ? -1
        : Math.Min(Math.Min(_context - input, windows.Output), TokenRules.ReplyBeside(_route.Provider, windows.Tokens, input));

    /// <summary>Tokens of the whole context left beside a reply for its prompt; negative when the reply itself is too large.</summary>
    private long PromptRoom(Windows windows, long output) => output > windows.Output
        ? -1
        : Math.Min(Math.Min(_route.ContextTokens - output, windows.Input), TokenRules.PromptBeside(_route.Provider, windows.Tokens, output));

    /// <summary>Rounded up, except for what is the rounding of the arithmetic itself.</summary>
    private static int Whole(double tokens) => (int)Math.Min(int.MaxValue, Math.Ceiling(tokens - 1e-6));

    /// <summary>The most that one request may reserve.</summary>
    private sealed record Windows(long Tokens, long Input, long Output)
    {
        public Windows Part(double share) => share >= 1 ? this : new((long)(share * Tokens), (long)(share * Input), (long)(share * Output));
    }
}
