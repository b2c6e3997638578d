using System.Text.Json;

namespace Rowmill.Benchmarks;

/// <summary>What a batch runner would write for a request file: a valid answer for every row, shuffled by blocks.</summary>
internal static class BatchAnswers
{
    private const int Block = 997;

    public static int Write(string requests, string results)
    {
        using var reader = File.OpenText(requests);
        using var writer = File.CreateText(results);
        var block = new List<string>(Block);
        while (reader.ReadLine() is { } line)
        {
            block.Add(Answer(line));
            if (block.Count == Block) Flush();
        }

        Flush();
        return 0;

        void Flush()
        {
            block.Reverse();
            foreach (var line in block) writer.WriteLine(line);
            block.Clear();
        }
    }

    private static string Answer(string line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        var messages = root.GetProperty("body").GetProperty("messages");
        using var user = JsonDocument.Parse(messages[messages.GetArrayLength() - 1].GetProperty("content").GetString()!);
        var rows = user.RootElement.GetProperty("rows").EnumerateArray().Select(r => $$"""{"id":{{r.GetProperty("id").GetInt32()}},"genre":"Soul","energy":"High"}""");
        var content = $$"""{"rows":[{{string.Join(',', rows)}}]}""";
        var reply = new
        {
            id = "c",
            @object = "chat.completion",
            model = "m",
            choices = new[] { new { index = 0, message = new { role = "assistant", content }, finish_reason = "stop" } },
            usage = new { prompt_tokens = 600, completion_tokens = 300, total_tokens = 900 },
        };
        var response = new { status_code = 200, request_id = "q", body = reply };
        return JsonSerializer.Serialize(new { id = "r", custom_id = root.GetProperty("custom_id").GetString(), response, error = (string?)null });
    }
}
