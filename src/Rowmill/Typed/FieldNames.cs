using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;

namespace Rowmill.Typed;

/// <summary>The names under which a row's properties are shown.</summary>
internal static class FieldNames
{
    /// <summary>The names that expressions such as <c>song => song.Title</c> or <c>row => row["title"]</c> mean.</summary>
    /// <exception cref="ArgumentException">An expression is neither, or the property is no field.</exception>
    public static IReadOnlyList<string> Of<TRow>(Expression<Func<TRow, object?>>[] fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        return [.. fields.Select(Name)];
    }

    private static string Name<TRow>(Expression<Func<TRow, object?>> field)
    {
        var body = field.Body is UnaryExpression { NodeType: ExpressionType.Convert } convert ? convert.Operand : field.Body;
        if (body is MemberExpression { Expression: ParameterExpression } member)
        {
            var property = TypedJson.Options.GetTypeInfo(typeof(TRow)).Properties.FirstOrDefault(p => IsOf(p, member.Member));
            return property?.Name ?? throw new ArgumentException($"{typeof(TRow).Name}.{member.Member.Name} is not written as JSON, so it is no field.", nameof(field));
        }

        if (body is MethodCallExpression { Object: ParameterExpression, Method.Name: "get_Item", Arguments: [ConstantExpression { Value: string name }] }) return name;
        throw new ArgumentException($"A field is one property of the row, as in row => row.Title, or one key, as in row => row[\"title\"]; this is {field}.", nameof(field));
    }

    private static bool IsOf(JsonPropertyInfo property, MemberInfo member) => property.Get is not null && (property.AttributeProvider as MemberInfo)?.Name == member.Name;
}
