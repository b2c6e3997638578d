namespace Rowmill.Core.Rows;

/// <summary>A row as the model sees it.</summary>
/// <param name="Json">The properties of its JSON object without braces and id, UTF-8, such as <c>"title":"Adorn","artist":"Miguel"</c>;
/// empty when it shows nothing.</param>
/// <param name="Key">What it is, as far as an answer is concerned.</param>
internal readonly record struct ShownRow(ReadOnlyMemory<byte> Json, RowKey Key);
