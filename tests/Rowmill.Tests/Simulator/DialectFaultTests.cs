using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

/// <summary>Every fault in every dialect: a reply in that dialect's own form, an account of it, and a good reply afterwards.</summary>
public sealed class DialectFaultTests
{
    public static TheoryData<SimulatorDialect> Dialects => [.. Enum.GetValues<SimulatorDialect>()];

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Every_fault_is_told_in_the_dialects_own_form(SimulatorDialect dialect)
    {
        var faults = Enum.GetValues<SimulatorFault>().Where(f => f is not (SimulatorFault.None or SimulatorFault.Drop or SimulatorFault.Hang)).ToList();
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = dialect, Script = faults });
        foreach (var fault in faults)
        {
            var reply = await AskAsync(simulator, dialect);
            Assert.True(reply.Status == 200 || reply.Status >= 400, $"{fault}: {reply.Status}");
            if (fault == SimulatorFault.Cloudflare1010) Assert.Equal("error code: 1010", reply.Text);
            else if (reply.Status != 200 && !Foreign(fault)) Assert.True(IsOwnError(reply, dialect), $"{fault}: {reply.Text}");
            else Assert.True(reply.Text.Length > 2, $"{fault}: {reply.Text}");
        }

        Assert.Equal(faults.Count, simulator.Server.Stats.Accepted);
        Assert.Equal(faults.Select(f => SimulatorOptions.FaultNames[(int)f - 1]), simulator.Server.Ledger.Select(e => e.Outcome));
        Assert.Equal(200, (await AskAsync(simulator, dialect)).Status);
        Assert.Equal("ok", simulator.Server.Ledger[^1].Outcome);
        Assert.Equal(0, simulator.Server.Stats.InFlight);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task The_same_rows_get_the_same_answers_whoever_speaks(SimulatorDialect dialect)
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = dialect });
        await using var openAi = await StartAsync();
        var reply = await AskAsync(simulator, dialect);
        var rows = JsonElement.Parse((await AskAsync(openAi, SimulatorDialect.OpenAI)).Content!).GetProperty("rows").GetRawText();
        // The text is escaped once in the reply.
        Assert.Contains(rows.Replace("\"", "\\\"", StringComparison.Ordinal), reply.Text, StringComparison.Ordinal);
        Assert.Equal("true", reply.Header("x-simulated"));
    }

    private static bool Foreign(SimulatorFault fault) => fault is SimulatorFault.GoogleDayLimit or SimulatorFault.GoogleNoAllowance;

    private static bool IsOwnError(Reply reply, SimulatorDialect dialect) => dialect switch
    {
        SimulatorDialect.Ollama => reply.Json.GetProperty("error").ValueKind == JsonValueKind.String,
        SimulatorDialect.Anthropic => reply.Json.GetProperty("type").GetString() == "error" && reply.Json.TryGetProperty("request_id", out _),
        SimulatorDialect.Gemini => reply.Error.GetProperty("code").GetInt32() == reply.Status && reply.ErrorField("status") is not null,
        SimulatorDialect.GeminiOpenAi => reply.Json[0].GetProperty("error").TryGetProperty("status", out _),
        // A key is refused without a message.
        SimulatorDialect.Vllm => reply.Status == 401 || reply.Error.GetProperty("code").GetInt32() == reply.Status,
        SimulatorDialect.LlamaCpp => reply.Error.GetProperty("code").GetInt32() == reply.Status,
        _ => reply.Message.Length > 0,
    };

    private static Task<Reply> AskAsync(SimulatorHarness simulator, SimulatorDialect dialect)
    {
        const string System = "Answer as JSON.";
        var user = Ask("a", "b");
        return dialect switch
        {
            SimulatorDialect.Gemini => simulator.PostAsync("/v1beta/models/m:generateContent", $$"""
                {"systemInstruction":{"parts":[{"text":"{{System}}"}]},"contents":[{"role":"user","parts":[{"text":{{user}}}]}],
                "generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{{Plain}} } }
                """),
            SimulatorDialect.Anthropic => simulator.PostAsync("/v1/messages", $$"""
                {"model":"m","max_tokens":1000,"system":"{{System}}","messages":[{"role":"user","content":{{user}}}],
                "output_config":{"format":{"type":"json_schema","schema":{{Plain}} } } }
                """, "anthropic-version: 2023-06-01"),
            SimulatorDialect.Ollama => simulator.PostAsync("/api/chat", $$"""
                {"model":"m","stream":false,"messages":[{"role":"system","content":"{{System}}"},{"role":"user","content":{{user}}}],"format":{{Plain}} }
                """),
            _ => simulator.AskAsync(Body(["a", "b"], Plain)),
        };
    }

    /// <summary>What every dialect can express.</summary>
    private static string Plain => Wrap("""
        {"type":"object","properties":{"id":{"type":"integer"},"energy":{"type":"string","enum":["Low","Medium","High"]},"why":{"type":"string"}},
        "required":["id","energy","why"],"additionalProperties":false}
        """);
}
