using System.Buffers;

namespace Rowmill.Simulator.Batches;

/// <summary>A first look at the lines of a batch: what is wrong with it as a whole, and what it will take.</summary>
internal abstract class InputCheck
{
    /// <summary>So many flaws are told; more help nobody.</summary>
    private const int MostFlaws = 100;

    private readonly List<BatchFlaw> _flaws = [];

    public IReadOnlyList<BatchFlaw> Flaws => _flaws;

    public string Model { get; protected set; } = "";

    public long PromptTokens { get; protected set; }

    public string FirstLine { get; protected set; } = "";

    /// <summary>Looks at one line.</summary>
    /// <param name="bytes">Without its end.</param>
    /// <param name="number">1-based.</param>
    public abstract void Line(ReadOnlyMemory<byte> bytes, int number);

    /// <summary>All lines were looked at.</summary>
    public abstract void End(int count);

    protected void Add(BatchFlaw flaw)
    {
        if (_flaws.Count < MostFlaws) _flaws.Add(flaw);
    }
}

/// <summary>Finds the lines of a file.</summary>
internal static class BatchInputReader
{
    private const int Chunk = 1 << 20;

    /// <summary>Lets a check see every line, and notes where each stands.</summary>
    public static BatchInput Read(FileBody body, InputCheck check)
    {
        var lines = new List<(long Offset, int Length)>();
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            long start = 0;
            var held = 0;
            while (true)
            {
                if (held == buffer.Length) buffer = Grown(buffer, held);
                var read = body.Read(buffer.AsSpan(held), start + held);
                held += read;
                var used = 0;
                while (buffer.AsSpan(used, held - used).IndexOf((byte)'\n') is >= 0 and var end) used += Take(used, end) + 1;
                if (read == 0)
                {
                    if (used < held) Take(used, held - used);
                    break;
                }

                buffer.AsSpan(used, held - used).CopyTo(buffer);
                (start, held) = (start + used, held - used);

                int Take(int from, int length)
                {
                    lines.Add((start + from, length));
                    check.Line(buffer.AsMemory(from, length), lines.Count);
                    return length;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        check.End(lines.Count);
        return new BatchInput(body, lines, check.Model, check.PromptTokens, check.FirstLine, check.Flaws);
    }

    private static byte[] Grown(byte[] buffer, int held)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, held).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
