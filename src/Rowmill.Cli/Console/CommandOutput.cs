using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Core;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Console;

/// <summary>Where a command's words go: with <c>--json</c> stdout is one JSON document and people read stderr.</summary>
/// <param name="host">The outside.</param>
/// <param name="json">Whether stdout carries data.</param>
internal sealed class CommandOutput(CliHost host, bool json)
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions s_line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether stdout carries data.</summary>
    public bool IsJson => json;

    /// <summary>Where people read.</summary>
    public TextWriter People => json ? host.Error : host.Out;

    /// <summary>The command's document; nothing without <c>--json</c>.</summary>
    public void Document(JsonNode document)
    {
        if (json) host.Out.WriteLine(document.ToJsonString(s_indented));
    }

    /// <summary>One line of NDJSON on stdout.</summary>
    public void Line(JsonNode document)
    {
        lock (host.Out)
        {
            host.Out.WriteLine(document.ToJsonString(s_line));
            host.Out.Flush();
        }
    }

    /// <summary>Says what is wrong, on stderr, and with <c>--json</c> in the document as well.</summary>
    /// <returns>The exit code.</returns>
    public int Fail(ExitCode code, IReadOnlyList<Problem> problems)
    {
        foreach (var problem in problems) host.Error.WriteLine($"error: {problem}");
        if (!json) return (int)code;
        try
        {
            Line(new JsonObject
            {
                ["state"] = code switch { ExitCode.Interrupted => "interrupted", ExitCode.AlreadyRunning => "already_running", _ => "failed" },
                ["exit_code"] = (int)code,
                ["problems"] = Json(problems),
            });
        }
        catch (IOException e)
        {
            host.Error.WriteLine($"error: stdout cannot be written: {e.Message}");
        }

        return (int)code;
    }

    /// <summary>Problems as JSON.</summary>
    public static JsonArray Json(IEnumerable<Problem> problems) => new([.. problems.Select(p => (JsonNode)new JsonObject
    {
        ["message"] = p.Message,
        ["file"] = p.File,
        ["line"] = p.Line,
        ["key"] = p.Key,
        ["fix"] = p.Fix,
    })]);
}
