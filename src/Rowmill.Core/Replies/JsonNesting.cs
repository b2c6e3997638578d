namespace Rowmill.Core.Replies;

/// <summary>The brackets that are open, one bit each: as deep as the text goes, without recursion.</summary>
internal struct JsonNesting
{
    private ulong _first;
    private ulong[]? _more;

    /// <summary>How many are open.</summary>
    public int Depth { get; private set; }

    /// <summary>Whether the innermost is a brace; false for a bracket, and when none is open.</summary>
    public readonly bool IsObject => Depth > 0 && (Word(Depth - 1) >> ((Depth - 1) % 64) & 1) == 1;

    /// <summary>Opens a brace or a bracket.</summary>
    public void Push(bool isObject)
    {
        var word = Depth / 64;
        if (word > 0 && (_more is null || word > _more.Length)) Array.Resize(ref _more, word * 2);
        ref var bits = ref word == 0 ? ref _first : ref _more![word - 1];
        var bit = 1UL << (Depth % 64);
        bits = isObject ? bits | bit : bits & ~bit;
        Depth++;
    }

    /// <summary>Closes the innermost.</summary>
    public void Pop() => Depth--;

    private readonly ulong Word(int index) => index < 64 ? _first : _more![(index / 64) - 1];
}
