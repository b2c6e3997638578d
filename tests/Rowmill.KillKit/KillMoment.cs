using System.Globalization;

namespace Rowmill.KillKit;

/// <summary>When the program kills itself.</summary>
/// <param name="What">The name of a moment: a transition of the run, or a file and what is done to it, as <c>rowmill.db-wal/Sync</c>.</param>
/// <param name="Count">Which passing of it, from 1.</param>
/// <param name="Microseconds">How long after it; 0 at once, before anything else happens on that thread.</param>
internal sealed record KillMoment(string What, int Count, int Microseconds = 0)
{
    /// <summary>The environment variable that carries it; without it nothing is killed.</summary>
    public const string Variable = "ROWMILL_KILL_AT";

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static KillMoment Parse(string text)
    {
        var parts = text.Split(':');
        return new KillMoment(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{What}:{Count}:{Microseconds}");
}
