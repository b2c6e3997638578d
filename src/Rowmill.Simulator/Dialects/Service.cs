using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Dialects.Anthropic;
using Rowmill.Simulator.Dialects.Compatible;
using Rowmill.Simulator.Dialects.Gemini;
using Rowmill.Simulator.Dialects.Ollama;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects;

/// <summary>A provider as a whole: most speak one dialect, some a second one on paths of its own.</summary>
internal sealed class Service
{
    private readonly Dialect[] _dialects;

    private Service(params Dialect[] dialects) => _dialects = dialects;

    /// <summary>The dialect whose limits hold, and whose words a lost request gets.</summary>
    public Dialect Main => _dialects[0];

    /// <summary>Forgets what is under way.</summary>
    public void Reset()
    {
        foreach (var dialect in _dialects) dialect.Batches?.Reset();
    }

    public static Service Of(SimulatorOptions options)
    {
        var schemas = new SchemaLibrary();
        return options.Dialect switch
        {
            SimulatorDialect.Groq => new Service(new GroqDialect(options, schemas) { BatchLimits = BatchLimits.Groq }),
            SimulatorDialect.OllamaV1 => new Service(new OllamaV1Dialect(options, schemas)),
            SimulatorDialect.Gemini => new Service(new GeminiDialect(options, schemas), new GeminiOpenAiDialect(options, schemas)),
            SimulatorDialect.GeminiOpenAi => new Service(new GeminiOpenAiDialect(options, schemas), new GeminiDialect(options, schemas)),
            SimulatorDialect.Vllm => new Service(new VllmDialect(options, schemas)),
            SimulatorDialect.LlamaCpp => new Service(new LlamaCppDialect(options, schemas)),
            SimulatorDialect.Azure => new Service(new AzureDialect(options, schemas)),
            SimulatorDialect.Anthropic => new Service(new AnthropicDialect(options, schemas)),
            SimulatorDialect.Ollama => new Service(new OllamaDialect(options, schemas), new OllamaV1Dialect(options, schemas)),
            _ => new Service(new OpenAiDialect(options, schemas) { BatchLimits = BatchLimits.OpenAi }),
        };
    }

    /// <summary>The dialect that knows this path, and what it is for; null when none does.</summary>
    public (Dialect Dialect, Place Place)? Find(HttpRequest request)
    {
        foreach (var dialect in _dialects)
        {
            if (dialect.Find(request) is { } place) return (dialect, place);
        }

        return null;
    }
}
