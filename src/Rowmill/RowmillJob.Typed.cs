using System.Linq.Expressions;
using Microsoft.Extensions.AI;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Questions;
using Rowmill.Typed;

namespace Rowmill;

/// <summary>
/// A job made in code: rows, question, models. Immutable, so each method gives another job and any of them can be run as often as
/// one likes. The methods are the keys of a job file and mean the same; what is wrong with them together is told when the job runs.
/// </summary>
/// <typeparam name="TRow">See <see cref="JobRows{TRow}"/>.</typeparam>
/// <typeparam name="TAnswer">See <see cref="JobRows{TRow}.Ask{TAnswer}"/>.</typeparam>
public sealed class RowmillJob<TRow, TAnswer>
    where TRow : notnull
    where TAnswer : class
{
    private const int MostPackRows = 1000;

    private static readonly TimeSpan s_longestPatience = TimeSpan.FromDays(30);

    internal RowmillJob(JobRows<TRow> rows, string prompt) => (Rows, Settings) = (rows, new JobSettings(prompt));

    private RowmillJob(JobRows<TRow> rows, JobSettings settings) => (Rows, Settings) = (rows, settings);

    internal JobRows<TRow> Rows { get; }

    internal JobSettings Settings { get; }

    /// <summary>Adds a model; models are tried in the order in which they are added.</summary>
    /// <param name="name"><c>provider/model</c>, such as <c>groq/openai/gpt-oss-20b</c> or <c>ollama/llama3.1:8b</c>.</param>
    /// <param name="limits">The name of a preset such as <c>groq-free</c>; null for none: limits are then learned from the service.</param>
    /// <param name="change">Changes what is known of the model: <c>route => route with { Price = new Price(0.15m, 0.60m) }</c>; also its address, limits, timeout.</param>
    /// <exception cref="Core.ProblemException">There is no such provider, or the preset is not for the model. A preset that only the user's file can hold is looked for when the job starts.</exception>
    public RowmillJob<TRow, TAnswer> Model(string name, string? limits = null, Func<Route, Route>? change = null)
    {
        var known = limits is not null && LimitPresets.Of(limits).Count > 0 ? limits : null;
        return Add(RouteText.Read(name, known, change, ModelTables.BuiltIn), null, tables => RouteText.Read(name, limits, change, tables));
    }

    /// <summary>Adds a model that a chat client of any kind reaches. It counts against limits and into the ledger like any other.</summary>
    /// <param name="client">The client; it must not retry by itself, and stays the caller's to dispose.</param>
    /// <param name="name"><c>provider/model</c>, which stored answers carry; null for what the client's metadata says.</param>
    /// <param name="change">Changes what is known of the model: limits, price, context, timeout.</param>
    /// <exception cref="Core.ProblemException">The client does not tell its provider and model, and no name is given.</exception>
    public RowmillJob<TRow, TAnswer> Model(IChatClient client, string? name = null, Func<Route, Route>? change = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        return Add(RouteText.Of(client, name, change, ModelTables.BuiltIn), client, tables => RouteText.Of(client, name, change, tables));
    }

    private RowmillJob<TRow, TAnswer> Add(Route route, IChatClient? client, Func<ModelTables, Route> make) =>
        With(Settings with { Routes = [.. Settings.Routes, new JobRoute(route, client, make)] });

    /// <summary>Uses the models side by side instead of one after the other.</summary>
    public RowmillJob<TRow, TAnswer> SideBySide() => With(Settings with { Routing = Routing.Spread });

    /// <summary>The fields the model sees, in this order; without it every one. They are the row's identity too.</summary>
    /// <param name="fields">One property each: <c>song => song.Title</c>; of a dictionary one key: <c>row => row["title"]</c>.</param>
    public RowmillJob<TRow, TAnswer> Fields(params Expression<Func<TRow, object?>>[] fields) => With(Settings with { Fields = FieldNames.Of(fields) });

    /// <summary>The fields by which people name a row, as in <c>rowmill calls --row</c>; without it its content.</summary>
    /// <param name="fields">See <see cref="Fields"/>.</param>
    public RowmillJob<TRow, TAnswer> Key(params Expression<Func<TRow, object?>>[] fields) => With(Settings with { Key = FieldNames.Of(fields) });

    /// <summary>Fields that must hold something: a row that is null or blank there is invalid and is not sent.</summary>
    /// <param name="fields">See <see cref="Fields"/>.</param>
    public RowmillJob<TRow, TAnswer> Require(params Expression<Func<TRow, object?>>[] fields) => With(Settings with { Require = FieldNames.Of(fields) });

    /// <summary>Lets the model say why it cannot answer a row.</summary>
    public RowmillJob<TRow, TAnswer> Abstain() => With(Settings with { Abstain = true });

    /// <summary>The most rows in a request, 1 to 1000; without it the size follows from the limits.</summary>
    public RowmillJob<TRow, TAnswer> Pack(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MostPackRows);
        return With(Settings with { PackRows = rows });
    }

    /// <summary>Asks rows that show the same apart, instead of once for all of them.</summary>
    public RowmillJob<TRow, TAnswer> AskEqualRowsApart() => With(Settings with { Dedupe = false });

    /// <summary>How long to wait for a limit before the next model is used or the run stops, up to 30 days; without it two minutes.</summary>
    public RowmillJob<TRow, TAnswer> Patience(TimeSpan patience)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(patience, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(patience, s_longestPatience);
        return With(Settings with { Patience = patience });
    }

    /// <summary>The most the job may cost over all its runs, in USD. Every model then needs a price.</summary>
    public RowmillJob<TRow, TAnswer> Budget(decimal usd)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(usd);
        return With(Settings with { BudgetUsd = usd });
    }

    /// <summary>Temperature, seed and the like; what is not given is not sent.</summary>
    public RowmillJob<TRow, TAnswer> Sampling(SamplingOptions sampling)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        return With(Settings with { Sampling = sampling });
    }

    /// <summary>Writes the labelled rows to a CSV file at the end of every run. Without an output they are in the store and in the results.</summary>
    /// <param name="path">The file; a relative path starts from the current directory.</param>
    /// <param name="change">Changes how it is written: prefix, byte order mark, receipts, lists over several columns.</param>
    public RowmillJob<TRow, TAnswer> ToCsv(string path, Func<OutputOptions, OutputOptions>? change = null) => To(OutputKind.Csv, path, change);

    /// <summary>Writes the labelled rows to a file with one JSON object a line at the end of every run.</summary>
    /// <param name="path">The file; a relative path starts from the current directory.</param>
    /// <param name="change">Changes how it is written: prefix, receipts.</param>
    public RowmillJob<TRow, TAnswer> ToJsonl(string path, Func<OutputOptions, OutputOptions>? change = null) => To(OutputKind.Jsonl, path, change);

    private RowmillJob<TRow, TAnswer> To(OutputKind kind, string path, Func<OutputOptions, OutputOptions>? change)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var output = new OutputOptions { Kind = kind, Path = Path.GetFullPath(path) };
        return With(Settings with { Output = change?.Invoke(output) ?? output });
    }

    private RowmillJob<TRow, TAnswer> With(JobSettings settings) => new(Rows, settings);
}
