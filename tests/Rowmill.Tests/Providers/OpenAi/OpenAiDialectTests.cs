using Rowmill.Core.Models;
using Rowmill.Providers.OpenAi;

namespace Rowmill.Tests.Providers;

public sealed class OpenAiDialectTests
{
    [Theory]
    [InlineData("openai", "gpt-5-mini", StructuredOutput.StrictSchema)]
    [InlineData("openai", "gpt-4o-mini", StructuredOutput.StrictSchema)]
    [InlineData("openai", "gpt-4.1", StructuredOutput.StrictSchema)]
    [InlineData("openai", "gpt-4-turbo", StructuredOutput.JsonMode)]
    [InlineData("openai", "gpt-4", StructuredOutput.JsonMode)]
    [InlineData("openai", "gpt-3.5-turbo", StructuredOutput.JsonMode)]
    [InlineData("groq", "openai/gpt-oss-120b", StructuredOutput.StrictSchema)]
    [InlineData("groq", "qwen/qwen3.8-27b", StructuredOutput.Schema)]
    [InlineData("groq", "llama-3.3-70b-versatile", StructuredOutput.JsonMode)]
    [InlineData("groq", "llama-3.1-8b-instant", StructuredOutput.JsonMode)]
    [InlineData("ollama", "llama3.1:8b", StructuredOutput.Schema)]
    [InlineData("simulator", "any", StructuredOutput.StrictSchema)]
    [InlineData("openai-compatible", "any", StructuredOutput.Schema)]
    public void Each_model_is_asked_in_the_best_form_it_takes(string provider, string model, StructuredOutput form) =>
        Assert.Equal(form, Given.Client(new ScriptedHttp(), Given.Route(provider, model)).StructuredOutput);

    [Theory]
    [InlineData("http://localhost:11434")]
    [InlineData("http://localhost:11434/")]
    [InlineData("http://localhost:11434/v1")]
    public void Ollamas_v1_is_added_where_it_is_missing(string baseUrl) =>
        Assert.Equal("http://localhost:11434/v1/chat/completions", OpenAiManners.For("ollama")!.ChatUrl(baseUrl));
}
