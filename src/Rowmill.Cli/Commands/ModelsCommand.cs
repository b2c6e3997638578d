using System.CommandLine;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill models</c>: what the present keys and local servers can reach, with what is known of each model and of which day. It costs nothing.</summary>
internal static class ModelsCommand
{
    public static Command Create(CliHost host)
    {
        var command = new Command(
            "models",
            "List the models that the present keys and local servers can reach, with limits and prices. "
            + "Figures of your own: $XDG_CONFIG_HOME/rowmill/models.json (by default in ~/.config), see docs/guides/models.md.");
        var only = new Option<string?>("--provider") { Description = "Only this provider.", HelpName = "NAME" };
        var address = new Option<string?>("--base-url") { Description = "Ask this address: of an openai-compatible server, or of the provider named.", HelpName = "URL" };
        var variable = new Option<string?>("--api-key-env") { Description = "With --base-url: the environment variable with the key.", HelpName = "NAME" };
        var all = new Option<bool>("--all") { Description = "Models of every kind and date, also those that write no text." };
        var json = JobArguments.JsonOption();
        only.Validators.Add(r =>
        {
            var names = KnownProviders.All.Select(p => p.Name).ToList();
            if (r.Tokens is [var name] && !names.Contains(name.Value)) r.AddError($"There is no provider '{name.Value}'. {NearestName.Suggest(name.Value, names)}");
        });
        address.Validators.Add(r =>
        {
            if (r.Tokens is [var url] && !IsAddress(url.Value)) r.AddError("This is no address of a service. Write it like https://host/v1, without a name, a password or a '?' part.");
        });
        foreach (var option in new Option[] { only, address, variable, all, json }) command.Options.Add(option);
        command.SetAction((parsed, _) => RunAsync(
            host, new CommandOutput(host, parsed.GetValue(json)), parsed.GetValue(only), parsed.GetValue(address)?.TrimEnd('/'), parsed.GetValue(variable), parsed.GetValue(all)));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, CommandOutput words, string? only, string? address, string? variable, bool all)
    {
        if (variable is not null && address is null)
            throw new ProblemException(new Problem("A key's variable belongs to an address.") { Key = "--api-key-env", Fix = "Write --base-url as well." });
        var finder = new ModelFinder(host, host.LoadModels(), all);
        // The simulator has no models of its own, and a server of no name needs an address: both are asked only by name.
        var own = only ?? (address is null ? null : "openai-compatible");
        var providers = KnownProviders.All.Where(p => own is null ? p is { Name: not "simulator", BaseUrl: not null } : p.Name == own);
        var found = await Task.WhenAll(providers.Select(p => finder.AskAsync(p, address ?? Address(host, p), variable ?? (address is null || only is not null ? p.ApiKeyEnv : null))));
        words.Document(ModelsJson.Of(found));
        if (!words.IsJson) ModelsText.Write(words.People, found);
        var asked = found.Where(p => p.State is ProviderState.Reached or ProviderState.Refused or ProviderState.Unreachable).ToList();
        if (asked.Count == 0 || asked.Exists(p => p.State == ProviderState.Reached)) return (int)ExitCode.Done;
        return (int)(asked.TrueForAll(p => p.State == ProviderState.Refused) ? ExitCode.Refused : ExitCode.Failure);
    }

    /// <summary>Where a provider is; Ollama is where the environment says.</summary>
    private static string? Address(CliHost host, KnownProvider provider) => provider.Name == "ollama" ? null : host.Address(provider);

    private static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme is "http" or "https")
        && url.Host.Length > 0 && url.UserInfo.Length == 0 && !text.Contains('?') && !text.Contains('#');
}
