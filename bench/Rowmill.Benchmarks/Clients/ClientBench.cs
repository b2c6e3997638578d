using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Rowmill.Benchmarks.Limits;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;
using Rowmill.Providers;
using Rowmill.Simulator;

namespace Rowmill.Benchmarks.Clients;

/// <summary>
/// What a provider's client adds to a request: writing it and reading a reply, against a bare <see cref="HttpMessageInvoker"/> that sends the
/// same bytes and reads the same reply to its end. No network: a handler in memory takes the one and gives the other, as the simulator's
/// dialect once wrote it.
/// </summary>
internal static class ClientBench
{
    private const int Rows = 20;
    private const int Rounds = 9;
    private const int Requests = 2000;

    private static readonly (SimulatorDialect Dialect, string Route)[] s_services =
    [
        (SimulatorDialect.OpenAI, "openai/gpt-4.1-mini"),
        (SimulatorDialect.Groq, "groq/openai/gpt-oss-20b"),
        (SimulatorDialect.Gemini, "gemini/gemini-2.5-flash"),
        (SimulatorDialect.Anthropic, "anthropic/claude-sonnet-4-5"),
        (SimulatorDialect.Ollama, "ollama/llama3.1:8b"),
        (SimulatorDialect.Vllm, "openai-compatible/llama-3.1-8b"),
        (SimulatorDialect.LlamaCpp, "openai-compatible/llama-3.1-8b"),
        (SimulatorDialect.Azure, "openai-compatible/gpt-4.1-mini"),
        (SimulatorDialect.GeminiOpenAi, "openai-compatible/gemini-2.5-flash"),
    ];

    /// <summary>Measures every client and prints a table.</summary>
    /// <param name="jobFile">The job whose question is asked.</param>
    public static async Task<int> RunAsync(string jobFile)
    {
        var job = JobFile.Load(jobFile).Job ?? throw new InvalidOperationException($"{jobFile} is no job");
        var user = await UserAsync(job);
        var text = new RequestText(job.Question);
        var table = new MarkdownTable("client", "sent bytes", "reply bytes", "µs", "bare µs", "× bare", "allocated bytes", "bare bytes", "× bare");
        foreach (var (dialect, name) in s_services)
        {
            await using var server = await SimulatorServer.StartAsync(new SimulatorOptions { Dialect = dialect }, TimeProvider.System);
            var address = dialect == SimulatorDialect.Azure ? new Uri(server.BaseAddress, "/openai/deployments/gpt-4.1-mini") : server.BaseAddress;
            var route = Route.Of(name) with { BaseUrl = address.ToString().TrimEnd('/'), ApiKeyEnv = "KEY" };
            using var sockets = new SocketsHttpHandler();
            using var recorded = new RecordedExchange(sockets);
            var client = ModelClients.Create(route, new ApiKeys(_ => "sk-a-key-of-the-usual-length-0123456789"), TimeProvider.System, recorded);
            var form = client.StructuredOutput;
            var request = new ModelRequest
            {
                System = text.System(form),
                User = user,
                ReplySchema = text.ReplySchema,
                Form = form,
                MaxOutputTokens = 4000,
                Sampling = job.Question.Sampling,
            };
            await AskAsync();
            using var bare = new HttpMessageInvoker(recorded, disposeHandler: false);
            var buffer = new byte[1 << 16];

            // In turns, so that whatever else the machine does hits both; the median of the rounds.
            var (asked, sent) = (new List<Cost>(), new List<Cost>());
            for (var round = -2; round < Rounds; round++)
            {
                var (ours, theirs) = (await Cost.OfAsync(Requests, AskAsync), await Cost.OfAsync(Requests, () => recorded.SendAsync(bare, buffer)));
                if (round < 0) continue; // still being compiled
                asked.Add(ours);
                sent.Add(theirs);
            }

            var (own, floor) = (Cost.Median(asked), Cost.Median(sent));
            table.Add(
                $"{route.Provider} ({SimulatorOptions.DialectNames[(int)dialect]})", N(recorded.Sent.Length), N(recorded.Reply.Length),
                own.Microseconds.ToString("0.0", CultureInfo.InvariantCulture), floor.Microseconds.ToString("0.0", CultureInfo.InvariantCulture),
                (own.Microseconds / floor.Microseconds).ToString("0.0", CultureInfo.InvariantCulture), N(own.Bytes), N(floor.Bytes),
                (own.Bytes / floor.Bytes).ToString("0.0", CultureInfo.InvariantCulture));

            async ValueTask AskAsync()
            {
                var result = await client.AskAsync(request);
                if (!result.Succeeded) throw new InvalidOperationException($"{route.Name}: {result.Failure.Message}");
            }
        }

        table.Write(Console.Out);
        return 0;

        static string N(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
    }

    /// <summary>The user message about the job's first rows.</summary>
    private static async Task<byte[]> UserAsync(Job job)
    {
        var rows = new JsonArray();
        await foreach (var row in RowSources.Open(job.Source).ReadAsync())
        {
            var shown = new JsonObject { ["id"] = rows.Count + 1 };
            foreach (var field in job.Question.Fields) shown[field] = Encoding.UTF8.GetString(row[row.Columns.IndexOf(field)]);
            rows.Add(shown);
            if (rows.Count == Rows) break;
        }

        return Encoding.UTF8.GetBytes(new JsonObject { ["rows"] = rows }.ToJsonString());
    }

    /// <summary>What one request costs.</summary>
    private readonly record struct Cost(double Microseconds, double Bytes)
    {
        public static async Task<Cost> OfAsync(int times, Func<ValueTask> work)
        {
            var clock = TimeProvider.System;
            var bytes = GC.GetTotalAllocatedBytes(precise: true);
            var began = clock.GetTimestamp();
            for (var i = 0; i < times; i++) await work();
            var took = clock.GetElapsedTime(began);
            return new Cost(took.TotalMicroseconds / times, (GC.GetTotalAllocatedBytes(precise: true) - bytes) / (double)times);
        }

        public static Cost Median(List<Cost> costs) => new(
            costs.Select(c => c.Microseconds).Order().ElementAt(costs.Count / 2), costs.Select(c => c.Bytes).Order().ElementAt(costs.Count / 2));
    }
}
