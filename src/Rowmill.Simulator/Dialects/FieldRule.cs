namespace Rowmill.Simulator.Dialects;

/// <summary>What a field of a request may hold.</summary>
internal enum FieldKind
{
    /// <summary>Checked elsewhere, or anything.</summary>
    Any,
    Boolean,
    Integer,
    Number,
    Text,
    Map,

    /// <summary>A list of strings.</summary>
    Texts,

    /// <summary>A string or up to four.</summary>
    Stop,

    /// <summary>Known to the API, refused by this provider.</summary>
    Unsupported,

    /// <summary>Works at the real provider, but the simulator does not know how; it says so rather than answering wrongly.</summary>
    NotSimulated,
}

/// <summary>The rule of one field.</summary>
internal sealed record FieldRule(FieldKind Kind)
{
    public double Min { get; init; } = double.NegativeInfinity;

    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>The only values of a <see cref="FieldKind.Text"/>; empty for any.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The longest <see cref="FieldKind.Text"/>.</summary>
    public int MaxLength { get; init; } = int.MaxValue;

    public static FieldRule Any { get; } = new(FieldKind.Any);

    public static FieldRule Boolean { get; } = new(FieldKind.Boolean);

    public static FieldRule Text { get; } = new(FieldKind.Text);

    public static FieldRule Map { get; } = new(FieldKind.Map);

    public static FieldRule Texts { get; } = new(FieldKind.Texts);

    public static FieldRule Stop { get; } = new(FieldKind.Stop);

    public static FieldRule Unsupported { get; } = new(FieldKind.Unsupported);

    public static FieldRule NotSimulated { get; } = new(FieldKind.NotSimulated);

    public static FieldRule Integer(double min = double.NegativeInfinity, double max = double.PositiveInfinity) =>
        new(FieldKind.Integer) { Min = min, Max = max };

    public static FieldRule Number(double min, double max) => new(FieldKind.Number) { Min = min, Max = max };

    public static FieldRule Choice(params string[] choices) => new(FieldKind.Text) { Choices = choices };
}
