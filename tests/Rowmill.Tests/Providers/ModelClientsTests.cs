using Rowmill.Core;
using Rowmill.Providers;

namespace Rowmill.Tests.Providers;

public sealed class ModelClientsTests
{
    [Fact]
    public void A_missing_variable_is_a_problem_that_names_it()
    {
        var thrown = Assert.Throws<ProblemException>(
            () => ModelClients.Create(Given.Route("groq") with { ApiKeyEnv = "GROQ_API_KEY" }, new ApiKeys(_ => null), TimeProvider.System));
        Assert.Contains("GROQ_API_KEY", Assert.Single(thrown.Problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sk-secret\r\nX-Evil: 1")]
    [InlineData("sk-secret ")]
    [InlineData("sk-se\u00A0cret")]
    [InlineData("“sk-secret”")]
    public void A_key_that_no_header_carries_is_a_problem_that_does_not_tell_it(string key)
    {
        var problem = new ApiKeys(_ => key).Check(Given.Route("openai"));
        Assert.Contains("TEST_API_KEY", problem!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_problem_of_a_route_is_told_at_once()
    {
        var route = Given.Route("opnai", baseUrl: "ftp://x");
        Assert.Equal(["model", "base_url", "api_key_env"], ModelClients.Check(route, new ApiKeys(_ => "")).Select(p => p.Key));
    }

    [Theory]
    [InlineData("https://user:hidden@host/v1")]
    [InlineData("https://host/v1?key=hidden")]
    [InlineData("https://host/v1#hidden")]
    public void An_address_that_could_hold_a_secret_is_a_problem_that_does_not_tell_it(string baseUrl)
    {
        var problem = Assert.Single(ModelClients.Check(Given.Route("openai", baseUrl: baseUrl), new ApiKeys(_ => "k")));
        Assert.Equal("base_url", problem.Key);
        Assert.DoesNotContain("hidden", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_wants_no_key_needs_none() =>
        Assert.Empty(ModelClients.Check(Given.Route("ollama") with { ApiKeyEnv = null }, new ApiKeys(_ => null)));

    [Fact]
    public async Task An_account_is_named_by_the_fingerprint_of_its_key_and_the_key_is_never_shown()
    {
        var route = Given.Route("openai");
        var keys = new ApiKeys(_ => "a-key");

        Assert.Equal("fp(a-key)", await keys.AccountAsync(route, key => ValueTask.FromResult($"fp({key})")));
        Assert.Null(await keys.AccountAsync(route with { ApiKeyEnv = null }, key => ValueTask.FromResult(key)));
        Assert.DoesNotContain("a-key", keys.ToString(), StringComparison.Ordinal);
    }
}
