using Rowmill.Core.Rows;

namespace Rowmill.Core.Packing;

/// <summary>A row on its way through the mill, from the source until its outcome is stored.</summary>
/// <param name="key">What it is.</param>
/// <param name="fragment">The fields shown, as JSON members without braces, UTF-8.</param>
internal sealed class Ask(RowKey key, ReadOnlyMemory<byte> fragment)
{
    // Nearly always one, and there are as many rows as there are.
    private (string Route, int Attempts)[] _attempts = [];

    /// <summary>A row in a line of a batch: its fields are in the file.</summary>
    /// <param name="key">What it is.</param>
    /// <param name="tokens">Estimated tokens of its fields.</param>
    public static Ask InLine(RowKey key, int tokens) => new(key, default) { Tokens = tokens };

    /// <summary>What it is.</summary>
    public RowKey Key { get; } = key;

    /// <summary>The fields shown, as JSON members without braces, UTF-8.</summary>
    public ReadOnlyMemory<byte> Fragment { get; } = fragment;

    /// <summary>Estimated tokens of the fragment.</summary>
    public int Tokens { get; private init; } = TokenEstimate.Of(fragment.Span);

    /// <summary>How many rows of the source share this key and wait for this one answer.</summary>
    public int Rows { get; set; } = 1;

    /// <summary>Invalid rows before it in the source.</summary>
    public long InvalidBefore { get; init; }

    /// <summary>Requests that carried it and brought a reply, whatever the model.</summary>
    public int Attempts { get; private set; }

    /// <summary>The same, model by model.</summary>
    public IReadOnlyList<(string Route, int Attempts)> ByRoute => _attempts;

    /// <summary>Why the last of them brought no valid answer for it.</summary>
    public RowFailure? LastFailure { get; set; }

    /// <summary>What it has been through.</summary>
    public RowPast Past { get; set; } = RowPast.None;

    /// <summary>Of the <see cref="Attempts"/> those of one model.</summary>
    /// <param name="route"><see cref="Models.Route.Id"/>.</param>
    public int AttemptsOn(string route)
    {
        foreach (var (other, attempts) in _attempts)
            if (other == route) return attempts;
        return 0;
    }

    /// <summary>Takes over what a row of the same key has been through.</summary>
    public void Resume(Ask been)
    {
        (Past, LastFailure) = (been.Past, been.LastFailure);
        foreach (var (route, attempts) in been.ByRoute) CountAttempt(route, attempts);
    }

    /// <summary>Requests that carried it brought a reply.</summary>
    /// <param name="route"><see cref="Models.Route.Id"/>.</param>
    /// <param name="times">How many.</param>
    public void CountAttempt(string route, int times = 1)
    {
        Attempts += times;
        for (var i = 0; i < _attempts.Length; i++)
        {
            if (_attempts[i].Route != route) continue;
            _attempts[i].Attempts += times;
            return;
        }

        _attempts = [.. _attempts, (route, times)];
    }
}

/// <summary>What a row without an answer has been through: on the model that is asked now, and before.</summary>
/// <param name="LeftOut">Replies that answered others of its pack and not this row.</param>
/// <param name="TriesAlone">Requests that carried it alone.</param>
/// <param name="Room">Reply tokens it needs at least when it is asked alone; 0 for the usual.</param>
/// <param name="EndedOn">Ids of the routes on which it has ended: they are not asked for it again.</param>
internal sealed record RowPast(int LeftOut, int TriesAlone, int Room, IReadOnlyList<string> EndedOn)
{
    /// <summary>Nothing yet.</summary>
    public static RowPast None { get; } = new(0, 0, 0, []);
}

/// <summary>Why a row has no valid answer.</summary>
/// <param name="Reason">One word for programs, such as <c>missing</c> or <c>invalid_answer</c>.</param>
/// <param name="Detail">One line for people.</param>
/// <param name="Reply">The model's text, kept for the person; may be empty.</param>
internal sealed record RowFailure(string Reason, string Detail, string Reply);
