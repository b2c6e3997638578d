using Rowmill.Core.Models;

namespace Rowmill.Storage.Sqlite;

/// <summary>Failure kinds as text, so that the ledger reads well and a kind may be added anywhere.</summary>
internal static class FailureNames
{
    private static readonly string[] s_names = Enum.GetNames<FailureKind>();

    public static string? Of(FailureKind? kind) => kind is { } k ? s_names[(int)k] : null;

    public static FailureKind? Read(string? name) => name is null ? null : (FailureKind)Array.IndexOf(s_names, name);
}
