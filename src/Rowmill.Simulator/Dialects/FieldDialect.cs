using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects;

/// <summary>A provider that checks a request field by field: the words for each mistake.</summary>
internal abstract class FieldDialect(SimulatorOptions options) : Dialect(options)
{
    public virtual bool IgnoresUnknownFields => false;

    /// <summary>The words for fields of the whole request that do not exist.</summary>
    public abstract ErrorReply UnknownFields(IReadOnlyList<string> names);

    public abstract ErrorReply UnsupportedField(string name);

    /// <summary>The words for a field that does not exist, deeper in the request.</summary>
    public abstract ErrorReply UnknownNested(string path);

    public abstract ErrorReply Missing(string path);

    public abstract ErrorReply WrongType(string path, string expected, string got);

    public abstract ErrorReply OutOfRange(string path, bool integer, bool above, double limit, string value);

    public abstract ErrorReply BadChoice(string path, string value, IReadOnlyList<string> choices);

    public abstract ErrorReply EmptyArray(string path);

    public abstract ErrorReply TooLong(string path, int limit, int length);

    public abstract ErrorReply FlawedSchema(string name, SchemaFlaw flaw);

    public virtual ErrorReply NotSimulated(string path) =>
        ErrorReply.Bad($"The simulator does not simulate '{path}'.", path, "unsupported_parameter");
}
