namespace Rowmill.Simulator.Answers;

/// <summary>How the answers of a reply are put together.</summary>
internal enum ReplyForm
{
    /// <summary>As asked: a list under <c>rows</c>.</summary>
    Wrapped,

    /// <summary>The list alone.</summary>
    Bare,

    /// <summary>An object under <c>rows</c>, its keys the ids.</summary>
    Keyed,

    /// <summary>An object whose keys are the ids.</summary>
    BareKeyed,

    /// <summary>One answer a line.</summary>
    Lines,

    /// <summary>As asked, but an only answer stands under <c>rows</c> without a list.</summary>
    Single,
}

/// <summary>The manners in which values are written.</summary>
/// <param name="LabelCase">Labels come in another case, with other separators between their words.</param>
/// <param name="StringNumbers">Numbers come as strings.</param>
/// <param name="SingleValues">A list of one comes as its only value.</param>
internal readonly record struct ValueManner(bool LabelCase = false, bool StringNumbers = false, bool SingleValues = false);

/// <summary>The bad manners of a whole reply, in which nothing is wrong but the form.</summary>
/// <param name="Form">How the answers are put together.</param>
/// <param name="Values">How their values are written.</param>
/// <param name="ExtraField">True when each answer holds a field nobody asked for.</param>
internal readonly record struct ReplyManner(ReplyForm Form = ReplyForm.Wrapped, ValueManner Values = default, bool ExtraField = false)
{
    /// <summary>What a fault makes of a reply; the good manners for those that are about something else.</summary>
    public static ReplyManner Of(SimulatorFault fault, ulong chance) => fault switch
    {
        SimulatorFault.Keyed => new(Mix.Below(Mix.With(chance, 4), 2) == 0 ? ReplyForm.Keyed : ReplyForm.BareKeyed),
        SimulatorFault.BareArray => new(ReplyForm.Bare),
        SimulatorFault.Ndjson => new(ReplyForm.Lines),
        SimulatorFault.LabelCase => new(Values: new ValueManner(LabelCase: true)),
        SimulatorFault.StringNumbers => new(Values: new ValueManner(StringNumbers: true)),
        SimulatorFault.SingleValue => new(ReplyForm.Single, new ValueManner(SingleValues: true)),
        SimulatorFault.ExtraField => new(ExtraField: true),
        _ => default,
    };
}
