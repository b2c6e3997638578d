using System.Globalization;
using System.Text.RegularExpressions;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Providers;
using Rowmill.Providers.Ollama;
using Rowmill.Storage.Limits;

namespace Rowmill.Cli.Commands;

/// <summary>Asks providers for their models and adds what is known of each.</summary>
/// <param name="host">The outside.</param>
/// <param name="tables">What is known of models.</param>
/// <param name="all">Whether models of every kind and date are wanted.</param>
internal sealed partial class ModelFinder(CliHost host, ModelTables tables, bool all)
{
    private readonly string _today = host.Clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Asks one provider, if its key is there.</summary>
    /// <param name="provider">The provider.</param>
    /// <param name="address">Where it is; null when it has no address.</param>
    /// <param name="variable">The variable of its key; null when it needs none.</param>
    public async Task<ProviderModels> AskAsync(KnownProvider provider, string? address, string? variable)
    {
        if (provider.Name == "ollama") return await OllamaAsync(provider, address);
        if (address is null) return new ProviderModels(provider, null, ProviderState.NoAddress);
        var found = new ProviderModels(provider, address, ProviderState.Reached) { Variable = variable };
        if (variable is not null && host.Key(variable) is null) return found with { State = ProviderState.NoKey };
        var list = await ModelLists.ListAsync(provider.Name, address, variable, new ApiKeys(host.Variable), host.Clock, cancellationToken: host.Stop);
        if (list.Failure is { } failure)
        {
            var refused = failure.Kind is FailureKind.KeyRefused or FailureKind.ModelRefused or FailureKind.QuotaExhausted or FailureKind.NoAllowance;
            return found with { State = refused ? ProviderState.Refused : ProviderState.Unreachable, Message = failure.Message };
        }

        var learned = await LearnedAsync(provider.Name, address, host.Key(variable));
        var kept = list.Models.Where(m => all || IsWanted(provider.Name, m.Name, list.Models)).ToList();
        return found with
        {
            Models = [.. kept.Select(m => Told(provider.Name, m.Name, m.ContextTokens, m.MaxOutputTokens) with { Limits = Limits(provider.Name, m.Name, learned) })],
            LeftOut = list.Models.Count - kept.Count,
        };
    }

    private async Task<ProviderModels> OllamaAsync(KnownProvider provider, string? address)
    {
        // An address that a person gives, or the one that the environment names.
        var server = await OllamaServer.FindAsync(name => address is not null && name == "OLLAMA_HOST" ? address : host.Variable(name), host.Clock, cancellationToken: host.Stop);
        if (server is null) return new ProviderModels(provider, address ?? OllamaServer.AddressOf(host.Variable("OLLAMA_HOST")), ProviderState.NotRunning);
        var kept = server.Models.Where(m => all || m.IsChat).ToList();
        return new ProviderModels(provider, server.Address, ProviderState.Reached)
        {
            Models = [.. kept.Select(m => Told(provider.Name, m.Name, m.ContextTokens, null) with { SizeBytes = m.SizeBytes > 0 ? m.SizeBytes : null })],
            LeftOut = server.Models.Count - kept.Count,
        };
    }

    /// <summary>The user's own figures go before the service's, and these before the program's.</summary>
    private FoundModel Told(string provider, string name, int? context, int? maxOutput)
    {
        var known = tables.Find(provider, name);
        return new FoundModel(name)
        {
            Context = Best(context, known.ContextTokens, known.ContextFrom),
            MaxOutput = Best(maxOutput, known.MaxOutputTokens, known.MaxOutputFrom),
            Price = known.Price is { } price && known.PriceFrom is { } from ? new Figure<Price>(price, from) : null,
            Thinks = known.Listed ? known.Thinks : null,
        };

        Figure<int>? Best(int? told, int table, FigureSource? from) =>
            told is { } tokens && from?.From != FigureSource.UserFile ? new Figure<int>(tokens, new FigureSource(FoundModel.Service, _today))
            : from is null ? null : new Figure<int>(table, from);
    }

    private List<FoundLimit> Limits(string provider, string model, ILookup<string, WindowState> learned) =>
    [
        .. learned[model].Select(w => new FoundLimit(
            w.Window.Spec.Name, w.Window.Spec.Limit, new FigureSource(FoundModel.Learned, w.LearnedAt!.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), null)),
        .. tables.PresetsFor(provider, model).SelectMany(p => WindowSpec.Of(p.Limits).Select(s => new FoundLimit(
            s.Name, s.Limit, new FigureSource(FoundModel.Plan, p.Dated, p.Source), p.Name))),
    ];

    /// <summary>The windows that a service told this account of, by model. Looking makes no file.</summary>
    private async Task<ILookup<string, WindowState>> LearnedAsync(string provider, string address, string? key)
    {
        var path = host.LimitsPath ?? LimitsFile.DefaultPath();
        if (!File.Exists(path)) return Array.Empty<WindowState>().ToLookup(_ => "", StringComparer.Ordinal);
        using var store = SqliteWindowStore.Open(path, host.Clock);
        var account = key is null ? WindowOwner.NoKey : await store.FingerprintAsync(key, host.Stop);
        return (await store.ReadAsync(host.Stop))
            .Where(o => o.Owner.Provider == provider && o.Owner.BaseUrl == address && o.Owner.Account == account)
            .SelectMany(o => o.Windows.Where(w => w.Source == WindowSource.Learned && w.LearnedAt is not null).Select(w => (o.Owner.Model, Window: w)))
            .ToLookup(w => w.Model, w => w.Window, StringComparer.Ordinal);
    }

    /// <summary>Models that write text, without older dates of those that are listed without one.</summary>
    private bool IsWanted(string provider, string name, IReadOnlyList<OfferedModel> listed)
    {
        var known = tables.Find(provider, name);
        if (!known.Listed && OtherKind().IsMatch(name)) return false;
        var undated = Date().Replace(name, "");
        return undated == name || !listed.Any(m => m.Name == undated);
    }

    // Lists of OpenAI's kind do not tell what a model does; its name does.
    [GeneratedRegex(
        @"embed|whisper|\btts\b|audio|speech|orpheus|realtime|transcribe|dall-e|image|moderation|\bsora|\bveo|rerank|babbage|davinci|gpt-3\.5-turbo-instruct|computer-use|robotics|\baqa|lyria",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex OtherKind();

    [GeneratedRegex(@"-\d{4}(-\d{2}-\d{2}|\d{4})?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Date();
}
