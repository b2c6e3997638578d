using Rowmill.Core.Models;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Packing;

/// <summary>
/// How many rows one request to a route may carry: prompt and reserved reply must fit the model's context, and the reply its
/// output limit. It depends on the job and the route alone, so every pass over a source judges a row alike.
/// </summary>
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

    /// <summary>Creates the budget of one route.</summary>
    /// <param name="route">The route.</param>
    /// <param name="question">The question.</param>
    /// <param name="systemTokens">Estimated tokens of the system message and of what else is sent with every request.</param>
    public PackBudget(Route route, Question question, int systemTokens)
    {
        _route = route;
        _systemTokens = systemTokens + RequestFrame;
        _replyRowTokens = TokenEstimate.OfAscii(question.Schema.EstimatedBytes) + RowFrame;
        _outputCap = Math.Min(route.MaxOutputTokens, question.Sampling.MaxOutputTokens ?? int.MaxValue);
    }

    /// <summary>The largest row, in tokens of its fields, that a request of its own can carry; negative when none fits.</summary>
    public int LargestRow => _route.ContextTokens - _systemTokens - RowFrame - OutputFor(1);

    /// <summary>Tokens to reserve for the reply to this many rows.</summary>
    public int OutputFor(int rows)
    {
        var wanted = RequestFrame + (long)rows * _replyRowTokens + (_route.Thinks ? ThinkingBase + (long)rows * ThinkingRow : 0);
        return (int)Math.Min(wanted, _outputCap);
    }

    /// <summary>Estimated prompt tokens of a request before anything is measured.</summary>
    public int EstimateFor(int rows, int fieldTokens) => _systemTokens + rows * RowFrame + fieldTokens;

    /// <summary>Prompt tokens to reserve for a request whose rows' fields take this many.</summary>
    public int InputFor(int rows, int fieldTokens) => _systemTokens + rows * RowFrame + fieldTokens;

    /// <summary>Whether so many rows with so many tokens of fields fit one request.</summary>
    public bool Fits(int rows, int fieldTokens)
    {
        if (rows > 1)
        {
            // A single row may be cut short by the output limit and still be tried; several must have room for all.
            var wanted = RequestFrame + (long)rows * _replyRowTokens + (_route.Thinks ? ThinkingBase + (long)rows * ThinkingRow : 0);
            if (wanted > _outputCap) return false;
        }

        return (long)InputFor(rows, fieldTokens) + OutputFor(rows) <= _route.ContextTokens;
    }
}
