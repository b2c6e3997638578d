using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Core.Jobs;
using Rowmill.Core.Rows;
using Rowmill.Simulator;
using Rowmill.Tests.House;

namespace Rowmill.Tests.Providers.Matrix;

/// <summary>What the simulator says of each song when it is asked about that one alone, over a wire written by hand: nothing of the engine is in it.</summary>
internal static class Truth
{
    private static readonly Lazy<Task<IReadOnlyList<Song>>> s_songs = new(AskAsync);

    private static readonly string[] s_shown = ["title", "artist", "year"];

    /// <summary>The songs of the matrix in the order of the table, with their answers.</summary>
    public static Task<IReadOnlyList<Song>> SongsAsync() => s_songs.Value;

    /// <summary>A song and its answer, as the cells of the output have it.</summary>
    public sealed record Song(string Title, IReadOnlyDictionary<string, string> Answer);

    /// <summary>The samples' job.</summary>
    public static Job Job() => JobFile.Load(Path.Combine(Repository.Root, "samples", "songs", "songs.yaml")).Job!;

    private static async Task<IReadOnlyList<Song>> AskAsync()
    {
        await using var server = await SimulatorServer.StartAsync(new SimulatorOptions(), TimeProvider.System);
        using var http = new HttpClient();
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("tests", "1"));
        var songs = new List<Song>();
        await foreach (var row in RowSources.Open(Job().Source).ReadAsync())
        {
            if (songs.Count == MatrixRun.Songs) break;
            var shown = new JsonObject { ["id"] = 1 };
            foreach (var name in s_shown) shown[name] = Encoding.UTF8.GetString(row[row.Columns.IndexOf(name)]);
            using var content = new StringContent(Request(new JsonObject { ["rows"] = new JsonArray(shown) }), Encoding.UTF8, "application/json");
            using var response = await http.PostAsync(new Uri($"{server.BaseAddress}/chat/completions"), content);
            var reply = JsonElement.Parse(await response.Content.ReadAsStringAsync());
            var text = reply.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
            var answer = JsonElement.Parse(text).GetProperty("rows")[0].EnumerateObject().Where(p => p.Name is not ("id" or "abstain"));
            songs.Add(new Song(shown["title"]!.GetValue<string>(), answer.ToDictionary(p => "ai_" + p.Name, p => Cell(p.Value), StringComparer.Ordinal)));
        }

        return songs;
    }

    private static string Request(JsonObject rows)
    {
        var labels = new JsonArray([.. Repository.Read("samples/songs/subgenres.txt").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => (JsonNode)l.Trim())]);
        var row = JsonNode.Parse($$"""
            {"type":"object","additionalProperties":false,"required":["id","energy","accessibility","subgenres","reasoning"],"properties":{
              "id":{"type":"integer"},
              "energy":{"type":"string","enum":["Very Low","Low","Medium","High","Very High"]},
              "accessibility":{"type":"string","enum":["Eclectic","Timeless","Commercial","Cheesy"]},
              "subgenres":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","enum":{{labels.ToJsonString()}} } },
              "reasoning":{"type":"string","maxLength":600} } }
            """);
        return new JsonObject
        {
            ["model"] = "truth",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = rows.ToJsonString() }),
            ["response_format"] = new JsonObject
            {
                ["type"] = "json_schema",
                ["json_schema"] = new JsonObject
                {
                    ["name"] = "reply",
                    ["schema"] = new JsonObject
                    {
                        ["type"] = "object",
                        ["required"] = new JsonArray("rows"),
                        ["properties"] = new JsonObject { ["rows"] = new JsonObject { ["type"] = "array", ["items"] = row } },
                    },
                },
            },
        }.ToJsonString();
    }

    private static string Cell(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? string.Join(';', value.EnumerateArray().Select(v => v.GetString())) : value.GetString()!;
}
