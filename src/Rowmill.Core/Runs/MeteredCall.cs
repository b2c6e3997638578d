using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Runs;

/// <summary>One request that is no row's: a chat turn, texts to embed, a recording to transcribe.</summary>
/// <typeparam name="T">What it brings.</typeparam>
public sealed record MeteredCall<T>
    where T : class
{
    /// <summary>Whom it asks.</summary>
    public required Route Route { get; init; }

    /// <summary>Names what is asked in the ledger: a fingerprint, or plain words such as <c>embedding</c>.</summary>
    public required string Question { get; init; }

    /// <summary>What telemetry calls it: <c>chat</c>, <c>embeddings</c>, <c>transcription</c>.</summary>
    public string Operation { get; init; } = CallSpan.Chat;

    /// <summary>What a chat says, for telemetry that shows it; null for others.</summary>
    internal ModelRequest? Asked { get; init; }

    /// <summary>What it carries, so that the ledger can be searched for it.</summary>
    public IReadOnlyList<RowKey> Rows { get; init; } = [];

    /// <summary>What it may take.</summary>
    public required Demand Demand { get; init; }

    /// <summary>What it costs at most, in USD, where tokens do not tell; null for the route's price of <see cref="Demand"/>.</summary>
    public decimal? MaxUsd { get; init; }

    /// <summary>How long it waits for limits and for a service that is down, all waits together.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Sends it, once. Only the caller's cancellation is thrown.</summary>
    public required Func<CancellationToken, ValueTask<MeteredReply<T>>> Send { get; init; }
}

/// <summary>What came of a request: a value or a failure, never both.</summary>
/// <typeparam name="T">What it brings.</typeparam>
/// <param name="Value">What it brought.</param>
/// <param name="Failure">Why it brought nothing. A wait longer than the patience is <see cref="FailureKind.RateLimited"/> with the time to wait, without any request.</param>
public sealed record MeteredReply<T>(T? Value, ModelFailure? Failure)
    where T : class
{
    /// <summary>Tokens as the service counted them; null when it did not say.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>What it cost, in USD, where tokens do not tell; null for the route's price of <see cref="Usage"/>.</summary>
    public decimal? Usd { get; init; }

    /// <summary>The service's own id of the request.</summary>
    public string? RequestId { get; init; }

    /// <summary>What the service said of its windows.</summary>
    public IReadOnlyList<LimitReading> Limits { get; init; } = [];

    /// <summary>A failure.</summary>
    public static MeteredReply<T> Failed(FailureKind kind, string message) => new(null, new ModelFailure(kind, message));
}
