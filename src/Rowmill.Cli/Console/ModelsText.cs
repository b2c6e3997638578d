using System.Globalization;
using Rowmill.Cli.Commands;
using Rowmill.Core;
using Rowmill.Core.Models;

namespace Rowmill.Cli.Console;

/// <summary>The list of models for people: a table for each provider, the day of every figure below it.</summary>
internal static class ModelsText
{
    private static readonly string[] s_heads = ["model", "context", "max out", "in", "out", "cached", "batch in/out", "limits"];

    /// <summary>Whether there is nothing to ask: no list came, and none was refused or lost.</summary>
    public static bool IsNothing(IReadOnlyList<ProviderModels> found) =>
        found.All(p => p.State is ProviderState.NoKey or ProviderState.NotRunning or ProviderState.NoAddress || (p.State == ProviderState.Reached && p.Models.Count == 0));

    /// <summary>Writes the list.</summary>
    public static void Write(TextWriter people, IReadOnlyList<ProviderModels> found)
    {
        foreach (var provider in found.Where(p => p.State is ProviderState.Reached or ProviderState.Refused or ProviderState.Unreachable))
        {
            people.WriteLine($"{provider.Provider.Name}  ({(provider.Variable is null ? "no key" : $"key in {provider.Variable}")}, {provider.Address})");
            if (provider.State == ProviderState.Refused) people.WriteLine($"  refused: {provider.Message}");
            else if (provider.State == ProviderState.Unreachable) people.WriteLine($"  not reached: {provider.Message}");
            else Write(people, provider);
            people.WriteLine();
        }

        foreach (var missing in found.Where(p => p.State is ProviderState.NoKey or ProviderState.NotRunning or ProviderState.NoAddress))
            people.WriteLine($"{missing.Provider.Name}: {Missing(missing)}");
        if (found.Any(p => p.Models.Count > 0)) WriteLegend(people, found);
        if (IsNothing(found)) ModelChoices.Write(people, "\nNo model can be reached yet. Choose:");
    }

    private static string Missing(ProviderModels provider) => provider.State switch
    {
        ProviderState.NoKey => $"no key: {provider.Variable} is not set",
        ProviderState.NotRunning => $"no server answers at {provider.Address ?? "the address in OLLAMA_HOST"}",
        _ => "needs its address: --base-url URL",
    };

    private static void Write(TextWriter people, ProviderModels provider)
    {
        var rows = provider.Models.Select(m => Cells(provider, m)).Prepend(s_heads).ToList();
        // A column that nothing is known for is left out.
        var shown = Enumerable.Range(0, s_heads.Length).Where(c => rows.Skip(1).Any(r => r[c].Length > 0)).ToList();
        var widths = shown.ToDictionary(c => c, c => rows.Max(r => r[c].Length));
        if (provider.Models.Count > 0)
            foreach (var row in rows) people.WriteLine($"  {string.Join("  ", shown.Select(c => c is 0 or 7 ? row[c].PadRight(widths[c]) : row[c].PadLeft(widths[c])))}".TrimEnd());
        else people.WriteLine("  no models");
        if (provider.LeftOut > 0) people.WriteLine($"  {Counted.Of(provider.LeftOut, "more model")} of other kinds or dates: --all");
    }

    private static string[] Cells(ProviderModels provider, FoundModel model)
    {
        var price = model.Price?.Value;
        var mark = Mark(model.Price?.From);
        return
        [
            $"{provider.Provider.Name}/{model.Name}",
            Tokens(model.Context),
            Tokens(model.MaxOutput),
            Usd(price?.Input, mark),
            Usd(price?.Output, mark),
            Usd(price?.CachedInput, mark),
            price is { BatchInput: { } batch, BatchOutput: { } reply } ? $"{Number(batch)}/{Number(reply)}{mark}" : "",
            string.Join("; ", model.Limits.GroupBy(l => (l.Preset, l.From.From, l.From.Dated)).Select(g =>
                $"{string.Join(", ", g.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Limit:N0} {Short(l.Window)}")))} ({g.Key.Preset ?? "this account"}, {g.Key.Dated})")),
        ];
    }

    private static void WriteLegend(TextWriter people, IReadOnlyList<ProviderModels> found)
    {
        var figures = found.SelectMany(p => p.Models).SelectMany(m => new[] { m.Context?.From, m.MaxOutput?.From, m.Price?.From }).OfType<FigureSource>().ToList();
        people.WriteLine();
        people.WriteLine("Context and replies in tokens, prices in USD per million tokens. A figure's source:");
        foreach (var source in figures.Distinct().OrderBy(s => Mark(s), StringComparer.Ordinal))
        {
            people.WriteLine($"  {(Mark(source) is { Length: > 0 } mark ? mark : "no mark"),-7}  " + source.From switch
            {
                FigureSource.UserFile => $"{source.Place} of {source.Dated}",
                FoundModel.Service => $"the service itself, {source.Dated}",
                _ => $"known models of {source.Dated}",
            });
        }

        if (found.Any(p => p.Models.Any(m => m.Limits.Count > 0)))
            people.WriteLine("Limits: r and t are requests and tokens (it of prompts, ot of replies), pm and pd per minute and per day; of this account, as the service told it, or of a plan.");
    }

    private static string Tokens(Figure<int>? figure) =>
        figure is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{figure.Value:N0}{Mark(figure.From)}");

    private static string Usd(decimal? usd, string mark) => usd is { } amount ? Number(amount) + mark : "";

    private static string Number(decimal usd) => usd.ToString("0.######", CultureInfo.InvariantCulture);

    private static string Mark(FigureSource? source) => source?.From switch
    {
        FigureSource.UserFile => "+",
        FoundModel.Service => "*",
        _ => "",
    };

    private static string Short(string window) => window switch
    {
        LimitNames.RequestsPerMinute => "rpm",
        LimitNames.TokensPerMinute => "tpm",
        LimitNames.InputTokensPerMinute => "itpm",
        LimitNames.OutputTokensPerMinute => "otpm",
        LimitNames.RequestsPerDay => "rpd",
        LimitNames.TokensPerDay => "tpd",
        _ => window,
    };
}
