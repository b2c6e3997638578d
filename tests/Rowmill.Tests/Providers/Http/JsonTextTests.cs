using System.Text;
using System.Text.Json;
using Rowmill.Providers.Http;

namespace Rowmill.Tests.Providers;

public sealed class JsonTextTests
{
    [Fact]
    public void Json_that_breaks_off_in_a_string_ends_with_its_last_whole_character_wherever_that_is()
    {
        const string Text = """a \" b \\ é 😀 \u00e9 \n {"rows":[{"id":1}] end""";
        var whole = Encoding.UTF8.GetBytes($$$"""{"n":[1,{"x":true}],"choices":[{"message":{"content":{{{Written(Text)}}},"z":1}}]}""");
        var plain = Encoding.UTF8.GetBytes("""{"choices":[{"message":{"content":"a 😀 é \u00e9 b"}}]}""");
        foreach (var body in new[] { whole, plain })
        {
            var content = JsonDocument.Parse(body).RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
            var closed = 0;
            for (var length = 1; length < body.Length; length++)
            {
                if (JsonText.Closed(body.AsSpan(0, length)) is not { } made) continue;
                JsonElement message;
                try
                {
                    message = JsonDocument.Parse(made).RootElement.GetProperty("choices")[0].GetProperty("message");
                }
                catch (Exception e) when (e is JsonException or KeyNotFoundException)
                {
                    continue; // broken off within a name
                }

                if (!message.TryGetProperty("content", out var text)) continue;
                Assert.StartsWith(text.GetString()!, content, StringComparison.Ordinal);
                closed++;
            }

            Assert.InRange(closed, content.Length, body.Length);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":1,"b":[2""")]
    [InlineData("]")]
    public void Json_that_breaks_off_elsewhere_is_left_alone(string body) => Assert.Null(JsonText.Closed(Encoding.UTF8.GetBytes(body)));

    // Half of an escaped surrogate pair is mended when the text is taken out; here it would hide what is tested.
    private static string Written(string text) => JsonSerializer.Serialize(text).Replace("\\uD83D\\uDE00", "😀", StringComparison.Ordinal);
}
