using Rowmill.Core;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Package;

public sealed class EngineBatchTests
{
    [Fact]
    public async Task An_engine_has_the_batch_client_of_a_route_and_writes_its_files_without_a_key()
    {
        var folder = Directory.CreateTempSubdirectory("rowmill-engine-");
        try
        {
            await using var engine = await RowmillEngine.OpenAsync(new EngineOptions
            {
                StorePath = Path.Combine(folder.FullName, "rowmill.db"),
                LimitsPath = Path.Combine(folder.FullName, "limits.db"),
                Variable = name => name == "OPENAI_API_KEY" ? "sk-x" : null,
                Chance = () => 0,
            });
            var openAi = Route.Of("openai/gpt-4.1-mini");
            Assert.Same(engine.Environment.BatchClient(openAi), engine.Environment.BatchClient(openAi));
            Assert.NotNull(engine.Environment.BatchClient(openAi));
            Assert.Null(engine.Environment.BatchClient(Route.Of("ollama/llama3.1:8b")));
            var groq = Route.Of("groq/openai/gpt-oss-20b");
            Assert.Throws<ProblemException>(() => engine.Environment.BatchClient(groq));
            Assert.NotNull(engine.Environment.BatchFiles!(groq));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
