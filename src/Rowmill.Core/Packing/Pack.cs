using System.Buffers;
using System.Globalization;
using System.Text;

namespace Rowmill.Core.Packing;

/// <summary>The rows that travel in one request. Their ids there are 1…n, by position.</summary>
/// <param name="rows">The rows, at least one.</param>
internal sealed class Pack(IReadOnlyList<Ask> rows)
{
    /// <summary>The rows.</summary>
    public IReadOnlyList<Ask> Rows { get; } = rows;

    /// <summary>Estimated tokens of the fields of all rows.</summary>
    public int Tokens { get; } = rows.Sum(r => r.Tokens);

    /// <summary>Estimated tokens of the fields of the largest row.</summary>
    public int LargestRow { get; } = rows.Max(r => r.Tokens);

    /// <summary>How often these rows together brought less than half of their answers.</summary>
    public int Poor { get; init; }

    /// <summary>True when a pack that these rows were a part of seemed to break the service.</summary>
    public bool Suspect { get; init; }

    /// <summary>True for a request without a row of the job: whether it goes through tells whether the service is there.</summary>
    public bool IsProbe { get; init; }

    /// <summary>Reply tokens that a row alone needs at least; 0 for the usual.</summary>
    public int Room => Rows.Count == 1 ? Rows[0].Past.Room : 0;

    /// <summary>How often a request with it ended in an outage while other requests went through.</summary>
    public int Outages { get; private set; }

    /// <summary>True after an outage, until another pack was let go first.</summary>
    public bool Yields { get; set; }

    /// <summary>How long it rests before it is asked again, after a failure that was its own.</summary>
    public TimeSpan Rest { get; set; }

    private long _successes = -1;

    /// <summary>Some of its rows as a pack that has been through the same.</summary>
    public Pack With(IReadOnlyList<Ask> some) => new(some) { Poor = Poor, Suspect = Suspect };

    /// <summary>Whether a route may be asked for its rows: none of them has ended there.</summary>
    /// <param name="route"><see cref="Models.Route.Id"/>.</param>
    public bool MayUse(string route)
    {
        foreach (var row in Rows)
            if (row.Past.EndedOn.Contains(route)) return false;
        return true;
    }

    /// <summary>Its rows without those of another pack, as one that has been through the same.</summary>
    public Pack Without(Pack other)
    {
        var gone = other.Rows.ToHashSet();
        return With([.. Rows.Where(r => !gone.Contains(r))]);
    }

    /// <summary>Counts an outage of a request with it, if others went through since the last one.</summary>
    /// <param name="successes">Requests that the route has answered so far.</param>
    /// <returns>False when nothing went through since its last outage: nobody can tell whether it is the cause.</returns>
    public bool CountOutage(long successes)
    {
        var alone = _successes >= 0 && successes <= _successes;
        if (_successes >= 0 && !alone) Outages++;
        _successes = successes;
        Yields = true;
        return !alone;
    }

    /// <summary>The user message: data only, one JSON object.</summary>
    public ReadOnlyMemory<byte> UserMessage()
    {
        var size = 16;
        foreach (var ask in Rows) size += ask.Fragment.Length + 20;
        var buffer = new ArrayBufferWriter<byte>(size);
        buffer.Write("{\"rows\":["u8);
        for (var i = 0; i < Rows.Count; i++)
        {
            buffer.Write(i == 0 ? "{\"id\":"u8 : ",{\"id\":"u8);
            var digits = buffer.GetSpan(11);
            (i + 1).TryFormat(digits, out var written, provider: CultureInfo.InvariantCulture);
            buffer.Advance(written);
            if (!Rows[i].Fragment.IsEmpty)
            {
                buffer.Write(","u8);
                buffer.Write(Rows[i].Fragment.Span);
            }

            buffer.Write("}"u8);
        }

        buffer.Write("]}"u8);
        return buffer.WrittenMemory;
    }

    /// <summary>The user message as text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(UserMessage().Span);
}
