using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>The manners of Google's own Gemini API, from its definitions, its pages and captured replies.</summary>
internal sealed class GeminiDialect : Dialect
{
    private const string Prefix = "/v1beta/models";
    private const string KeyHeader = "x-goog-api-key";

    /// <summary>What the newest models write at most, as the list of models tells it.</summary>
    private const int OutputLimit = 65536;

    /// <summary>What a prompt may hold at most, as the list of models tells it.</summary>
    private const int InputLimit = 1_048_576;

    /// <summary>A page of the list of models, and the longest one may ask for.</summary>
    private const int Page = 50, LongestPage = 1000;

    private static readonly Place s_list = new(Operation.Models, HttpMethods.Get);

    public GeminiDialect(SimulatorOptions options, SchemaLibrary schemas)
        : base(options)
    {
        Chat = new GeminiWire(schemas);
        Batches = new GeminiBatches(this);
    }

    public override string BasePath => "";

    public override ChatWire Chat { get; }

    public override BatchWire? Batches { get; }

    public override EmbedWire? Embed { get; } = new GeminiEmbedWire();

    public override bool CalendarDays => true;

    public override bool WantsJsonContentType => false;

    public override bool TellsWrongMethod => false;

    public override string? RequestIdHeader => null;

    /// <summary>Its limits on tokens are on the prompt's.</summary>
    public override Claim Reserve(int prompt, int output, TokenReservation reservation) => new(prompt, prompt, 0);

    public override Claim Count(int prompt, int output) => new(prompt, prompt, output);

    public override Place? Find(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        if (Batches!.Find(path, request) is { } place) return place;
        if (!path.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        if (path.Length == Prefix.Length) return s_list;
        var name = path[(Prefix.Length + 1)..];
        if (path[Prefix.Length] != '/' || name.Length == 0 || name.Contains('/', StringComparison.Ordinal)) return null;
        var colon = name.LastIndexOf(':');
        if (colon < 0) return new Place(Operation.Models, HttpMethods.Get, name);
        return name[(colon + 1)..] switch
        {
            "generateContent" => new Place(Operation.Chat, HttpMethods.Post, name[..colon]),
            "embedContent" => new Place(Operation.Embed, HttpMethods.Post, name[..colon]),
            "batchEmbedContents" => new Place(Operation.Embed, HttpMethods.Post, name[..colon]) { Form = GeminiEmbedWire.Batch },
            "countTokens" => new Place(Operation.CountTokens, HttpMethods.Post, name[..colon]),
            _ => null,
        };
    }

    /// <summary>A bearer token is an account's and no key: Google takes it for something else.</summary>
    public override string? KeyOf(HttpRequest request, out bool misplaced)
    {
        var key = request.Headers[KeyHeader].ToString();
        if (key.Length == 0) key = request.Query["key"].ToString();
        misplaced = key.Length == 0 && request.Headers.Authorization.Count > 0;
        return key.Length == 0 ? null : key;
    }

    public override Told Tell(Question question) => question.Place.Operation switch
    {
        Operation.CountTokens => Count(question),
        _ => question.Place.Model is { } name
            ? question.Models.Contains(name, StringComparer.Ordinal) || Options.KnownModels is null
                ? new Told(Json.Bytes(writer => Model(writer, name)))
                : UnknownModel(name)
            : List(question),
    };

    public override ErrorReply UnknownUrl(string method, string path) => GoogleErrors.NoPage;

    public override ErrorReply WrongMethod(string method, string path) => GoogleErrors.NoPage;

    public override ErrorReply NoKey() => GoogleErrors.Error(
        403,
        "PERMISSION_DENIED",
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API "
            + "consumer identity to call this API.");

    public override ErrorReply WrongKey(string key) => GoogleErrors.WrongKey();

    public override ErrorReply BadContentType(string contentType) => BadJson();

    public override ErrorReply BadJson() => GoogleErrors.BadJson();

    public override ErrorReply UnknownModel(string model) => GoogleErrors.UnknownModel(model);

    public override ErrorReply RateLimited(string model, Refusal refusal) => GoogleQuota.Of(model, refusal);

    public override ErrorReply TooLarge(string model, Refusal refusal) => GoogleQuota.Of(model, refusal);

    public override ErrorReply Limited(string retryHeader) =>
        GoogleErrors.Exhausted with { RetryHeader = retryHeader };

    public override ErrorReply ContextExceeded(ChatRequest request, int limit, int tokens) => GoogleErrors.ContextExceeded(limit, tokens);

    public override ErrorReply RefusedForm(string model, SimulatorForm form) => GoogleErrors.RefusedForm(model, form, native: true);

    public override ErrorReply ServerError() => GoogleErrors.ServerError();

    public override ErrorReply Overloaded() => GoogleErrors.Overloaded();

    /// <summary>An account without money has no allowance.</summary>
    public override ErrorReply QuotaExceeded() => GoogleQuota.NoAllowance("simulated");

    public override ErrorReply DayUsedUp(string model, long limit) => GoogleQuota.DayUsedUp(model, limit);

    public override ErrorReply NoAllowance(string model) => GoogleQuota.NoAllowance(model);

    public override byte[] Body(ErrorReply error, string requestId) =>
        Encoding.UTF8.GetBytes(GoogleErrors.Body(error, array: false).ToJsonString(Json.Nodes));

    /// <summary>It may hold the messages alone, or a whole request, and not both.</summary>
    private Told Count(Question question)
    {
        if (Options.KnownModels?.Contains(question.Place.Model!, StringComparer.Ordinal) == false) return UnknownModel(question.Place.Model!);
        if (ProtoMessages.CountTokens.Check(question.Body) is { } unknown) return unknown;
        var whole = ProtoMessage.Has(question.Body, "generateContentRequest", "generate_content_request", out var request);
        if (whole && Json.Has(question.Body, "contents", out _))
        {
            return GoogleErrors.Invalid("* CountTokensRequest.contents: contents and generate_content_request are mutually exclusive.\n");
        }

        int tokens;
        if (whole)
        {
            var (read, error) = Chat.Read(request, question.Place);
            if (error is not null) return error;
            tokens = read!.PromptTokens;
        }
        else
        {
            var (messages, error) = GeminiReader.Messages(question.Body);
            if (error is not null) return error;
            tokens = Tokens.Of(messages.Sum(m => (long)m.Bytes));
        }

        return new Told(Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("totalTokens", tokens);
            GeminiWire.Modalities(writer, tokens);
            writer.WriteEndObject();
        }));
    }

    private Told List(Question question)
    {
        if (!int.TryParse(question.Query["pageSize"].ToString() is { Length: > 0 } size ? size : $"{Page}", out var page)) page = -1;
        if (page < 0) return GoogleErrors.Invalid("Invalid value at 'page_size' (TYPE_INT32)");
        var token = question.Query["pageToken"].ToString();
        var from = 0;
        if (token.Length > 0 && (!int.TryParse(token, out from) || from < 0 || from >= question.Models.Count))
        {
            return GoogleErrors.Invalid("Invalid page token.");
        }

        page = Math.Clamp(page == 0 ? Page : page, 1, LongestPage);
        return new Told(Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("models");
            foreach (var model in question.Models.Skip(from).Take(page)) Model(writer, model);
            writer.WriteEndArray();
            if (from + page < question.Models.Count) writer.WriteString("nextPageToken", $"{from + page}");
            writer.WriteEndObject();
        }));
    }

    private void Model(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject();
        writer.WriteString("name", $"models/{name}");
        writer.WriteString("version", "001");
        writer.WriteString("displayName", name);
        writer.WriteString("description", "Simulated: its labels are made up.");
        writer.WriteNumber("inputTokenLimit", Options.ContextTokens ?? InputLimit);
        writer.WriteNumber("outputTokenLimit", OutputLimit);
        writer.WriteStartArray("supportedGenerationMethods");
        foreach (var method in (ReadOnlySpan<string>)["generateContent", "countTokens", "embedContent", "batchEmbedContents"]) writer.WriteStringValue(method);
        writer.WriteEndArray();
        writer.WriteNumber("temperature", 1);
        writer.WriteNumber("maxTemperature", 2);
        if (Options.ThoughtTokens > 0) writer.WriteBoolean("thinking", true);
        writer.WriteEndObject();
    }
}
