using Microsoft.Extensions.AI;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Questions;
using Rowmill.Core.Rows;

namespace Rowmill.Typed;

/// <summary>A route of a job made in code.</summary>
/// <param name="Route">The route.</param>
/// <param name="Client">The caller's own client; null for the provider's.</param>
/// <param name="Make">Makes the route by what is known of models.</param>
internal sealed record JobRoute(Route Route, IChatClient? Client, Func<ModelTables, Route> Make);

/// <summary>Everything a job made in code says besides its rows.</summary>
internal sealed record JobSettings(string Prompt)
{
    public IReadOnlyList<JobRoute> Routes { get; init; } = [];

    public Routing Routing { get; init; } = Routing.Order;

    public IReadOnlyList<string> Fields { get; init; } = [];

    public IReadOnlyList<string> Key { get; init; } = [];

    public IReadOnlyList<string> Require { get; init; } = [];

    public bool Abstain { get; init; }

    public int? PackRows { get; init; }

    public bool Dedupe { get; init; } = true;

    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    public decimal? BudgetUsd { get; init; }

    public SamplingOptions Sampling { get; init; } = new();

    public OutputOptions Output { get; init; } = OutputOptions.None;

    /// <summary>The same with routes by what a service knows of models.</summary>
    /// <exception cref="ProblemException">It does not know a preset.</exception>
    public JobSettings By(ModelTables tables) => this with { Routes = [.. Routes.Select(r => r with { Route = r.Make(tables) })] };

    /// <summary>Checks everything but the rows.</summary>
    /// <param name="answer">The type of an answer.</param>
    /// <returns>The schema of an answer.</returns>
    /// <exception cref="ProblemException">Everything that is wrong.</exception>
    public AnswerSchema Check(Type answer)
    {
        var schema = AnswerType.Schema(answer);
        var problems = Problems(schema, answer).ToList();
        return problems.Count == 0 ? schema : throw new ProblemException(problems);
    }

    /// <summary>The job over rows that stand in a file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="schema">The schema of an answer.</param>
    /// <param name="rows">The file, one JSON object a line.</param>
    public Job Job(string name, AnswerSchema schema, string rows) =>
        new()
        {
            Name = name,
            Source = new SourceOptions
            {
                Kind = SourceKind.Jsonl,
                Path = rows,
                Name = $"the rows of '{name}'",
                MayBeEmpty = true,
                Fields = Fields,
                Key = Key,
                Require = Require,
            },
            Question = new Question { Prompt = Prompt, Schema = schema, Abstain = Abstain, Sampling = Sampling, Fields = Fields },
            PackRows = PackRows,
            Dedupe = Dedupe,
            Routes = [.. Routes.Select(r => r.Route)],
            Routing = Routing,
            Patience = Patience,
            BudgetUsd = BudgetUsd,
            Output = Output,
            Directory = Environment.CurrentDirectory,
        };

    private IEnumerable<Problem> Problems(AnswerSchema schema, Type answer)
    {
        if (Routes.Count == 0) yield return new Problem("The job has no model.") { Key = "models", Fix = "Add one: job.Model(\"groq/openai/gpt-oss-20b\")." };
        foreach (var twice in Routes.GroupBy(r => r.Route.Id, StringComparer.Ordinal).Where(g => g.Count() > 1))
            yield return new Problem($"{twice.First().Route.Name} is added twice.") { Key = "models", Fix = "Leave one of them out." };
        foreach (var route in Routes.Where(r => r.Route.BaseUrl.Length == 0))
            yield return new Problem($"{route.Route.Name} needs an address.") { Key = "models", Fix = "Give it: change: route => route with { BaseUrl = \"http://localhost:8000/v1\" }." };
        foreach (var route in Routes.Where(r => r.Route.MaxOutputTokens >= r.Route.ContextTokens))
        {
            yield return new Problem($"{route.Route.Name}: a reply of {route.Route.MaxOutputTokens} tokens leaves no room for the prompt in a context of {route.Route.ContextTokens}.")
            {
                Key = "models",
                Fix = "Change MaxOutputTokens or ContextTokens of the route.",
            };
        }

        foreach (var route in Routes.Where(r => BudgetUsd is not null && r.Route.Price is null))
        {
            yield return new Problem($"The price of {route.Route.Name} is not known, so this budget cannot be kept.")
            {
                Key = "budget.usd",
                Fix = "Give it, in USD per million tokens: change: route => route with { Price = new Price(0.15m, 0.60m) }.",
            };
        }

        if (Abstain && schema.ClashesWithAbstain)
        {
            yield return new Problem($"With Abstain() the reply uses the name '{ReplySchema.AbstainProperty}' itself.")
            {
                Key = $"{answer.Name}.{ReplySchema.AbstainProperty}",
                Fix = "Rename the property.",
            };
        }
    }
}
