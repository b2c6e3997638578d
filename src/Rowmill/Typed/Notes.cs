using System.Collections.Concurrent;
using System.ComponentModel;
using System.Reflection;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using System.Xml;
using System.Xml.Linq;

namespace Rowmill.Typed;

/// <summary>What the author of a type wrote about it and its members: <c>[Description]</c>, otherwise the summary of the doc comments.</summary>
internal static class Notes
{
    private static readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, XElement>> s_files = new();

    /// <summary>Of a type; null for nothing.</summary>
    public static string? Of(Type type) =>
        type.GetCustomAttribute<DescriptionAttribute>()?.Description ?? Text(Element(type, "T:" + Name(type))?.Element("summary"));

    /// <summary>Of a property, or of the parameter of a record's constructor that sets it.</summary>
    public static string? Of(JsonPropertyInfo property)
    {
        if (Attribute<DescriptionAttribute>(property)?.Description is { } description) return description;
        if (property.AttributeProvider is not MemberInfo member || member.DeclaringType is not { } type) return null;
        if (Text(Element(type, $"{(member is FieldInfo ? 'F' : 'P')}:{Name(type)}.{member.Name}")?.Element("summary")) is { } summary) return summary;
        return Text(Element(type, "T:" + Name(type))?.Elements("param").FirstOrDefault(p => p.Attribute("name")?.Value == member.Name));
    }

    /// <summary>Of an enum's member.</summary>
    public static string? Of(FieldInfo member) =>
        member.GetCustomAttribute<DescriptionAttribute>()?.Description
        ?? Text(Element(member.DeclaringType!, $"F:{Name(member.DeclaringType!)}.{member.Name}")?.Element("summary"));

    /// <summary>An attribute of a property or, in a record, of the parameter behind it.</summary>
    public static T? Attribute<T>(JsonPropertyInfo property)
        where T : Attribute =>
        In<T>(property.AttributeProvider) ?? In<T>(property.AssociatedParameter?.AttributeProvider);

    private static T? In<T>(ICustomAttributeProvider? provider)
        where T : Attribute =>
        provider?.GetCustomAttributes(typeof(T), inherit: true).OfType<T>().FirstOrDefault();

    // As the compiler writes it: T:Space.Outer.Inner`1.
    private static string Name(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static XElement? Element(Type type, string name) =>
        s_files.GetOrAdd(type.Assembly, Load).GetValueOrDefault(name);

    private static IReadOnlyDictionary<string, XElement> Load(Assembly assembly)
    {
        var members = new Dictionary<string, XElement>(StringComparer.Ordinal);
        var file = assembly.Location.Length == 0 ? null : Path.ChangeExtension(assembly.Location, ".xml");
        if (file is null || !File.Exists(file)) return members;
        try
        {
            foreach (var member in XDocument.Load(file).Descendants("member"))
                if (member.Attribute("name")?.Value is { } name) members.TryAdd(name, member);
        }
        catch (Exception e) when (e is XmlException or IOException or UnauthorizedAccessException)
        {
            // Comments are a help: without them the names must do.
        }

        return members;
    }

    /// <summary>The words of a comment in one line; a reference by the last part of its name.</summary>
    private static string? Text(XElement? element)
    {
        if (element is null) return null;
        var text = new StringBuilder();
        Append(text, element);
        var line = string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length == 0 ? null : line;
    }

    private static void Append(StringBuilder text, XElement element)
    {
        foreach (var node in element.Nodes())
        {
            if (node is XText words) text.Append(words.Value);
            if (node is not XElement inner) continue;
            var reference = inner.Attribute("cref")?.Value ?? inner.Attribute("langword")?.Value ?? inner.Attribute("name")?.Value;
            if (inner.IsEmpty && reference is not null) text.Append(reference[(reference.LastIndexOfAny(['.', ':']) + 1)..]);
            else Append(text, inner);
        }
    }
}
