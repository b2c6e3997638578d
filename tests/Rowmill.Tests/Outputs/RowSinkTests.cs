using System.Text;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;
using Rowmill.Tests.Rows;

namespace Rowmill.Tests.Outputs;

public sealed class RowSinkTests : IDisposable
{
    private static readonly string[] s_properties = ["energy", "subgenres", "note"];

    private static readonly RowVerdict s_answered = new(
        RowStatus.Answered, null, """{"energy":"High","subgenres":["Modern \"Soul\"","Neo;Soul",{"a":1},null,2],"note":null}"""u8.ToArray());

    private readonly RowFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task CSV_holds_the_source_untouched_then_status_error_and_answer()
    {
        var source = _files.Csv("a,\"b,c\"\n=1+1,\" x \"\n\"q\"\"\n2\",y\nz,ü\nz,z\nz,z\n");
        var text = await WriteAsync(
            source,
            Output(OutputKind.Csv),
            s_answered,
            new RowVerdict(RowStatus.Abstained, "too \"short\", sorry", default),
            new RowVerdict(RowStatus.Invalid, "b is blank", default),
            new RowVerdict(RowStatus.Failed, "no reply", default),
            new RowVerdict(RowStatus.Pending, null, default));
        Assert.Equal(
            "a,\"b,c\",ai_status,ai_error,ai_energy,ai_subgenres,ai_note\n"
            + "=1+1, x ,answered,,High,\"Modern \"\"Soul\"\";Neo;Soul;{\"\"a\"\":1};;2\",\n"
            + "\"q\"\"\n2\",y,abstained,\"too \"\"short\"\", sorry\",,,\n"
            + "z,ü,invalid,b is blank,,,\n"
            + "z,z,failed,no reply,,,\n"
            + "z,z,pending,,,,\n",
            text);
    }

    [Fact]
    public async Task JSONL_holds_the_source_untouched_then_status_error_and_the_answer_as_an_object()
    {
        var source = _files.Jsonl("{\"a\": 1.50, \"b\":\"\\u00e9\"}\n{\"c\":[1, 2]}\n{}\n");
        var text = await WriteAsync(
            source, Output(OutputKind.Jsonl), s_answered, new RowVerdict(RowStatus.Abstained, "a \"b\"", default), new RowVerdict(RowStatus.Pending, null, default));
        var answer = Encoding.UTF8.GetString(s_answered.Answer.Span);
        Assert.Equal(
            "{\"a\":1.50,\"b\":\"\\u00e9\",\"ai_status\":\"answered\",\"ai_error\":null,\"ai_answer\":" + answer + "}\n"
            + "{\"c\":[1, 2],\"ai_status\":\"abstained\",\"ai_error\":\"a \\\"b\\\"\",\"ai_answer\":null}\n"
            + "{\"ai_status\":\"pending\",\"ai_error\":null,\"ai_answer\":null}\n",
            text);
    }

    [Fact]
    public async Task Any_source_goes_to_any_sink()
    {
        var csv = await WriteAsync(_files.Jsonl("{\"a\":\"x\\n\\u00e9\",\"b\":[1, 2]}\n{\"c\":true,\"a\":null}\n"), Output(OutputKind.Csv), new RowVerdict());
        Assert.Equal(
            "a,b,c,ai_status,ai_error,ai_energy,ai_subgenres,ai_note\n\"x\né\",\"[1, 2]\",,pending,,,,\n,,true,pending,,,,\n", csv);
        var jsonl = await WriteAsync(_files.Csv("a,b\n\"x\"\"\ny\",\n"), Output(OutputKind.Jsonl), new RowVerdict());
        Assert.Equal("{\"a\":\"x\\\"\\ny\",\"b\":\"\",\"ai_status\":\"pending\",\"ai_error\":null,\"ai_answer\":null}\n", jsonl);
    }

    [Fact]
    public async Task What_comes_out_can_be_read_again_with_equal_values()
    {
        var nasty = "id;\"na\"\"me\";text\r\n1;\";\";\"a\r\nb\"\r\n\" 2 \";\"\"\"\";=cmd()\r\n;;\r\n";
        var source = _files.Csv(nasty) with { Delimiter = ';' };
        var before = await RowFiles.ReadAsync(source);
        var output = Output(OutputKind.Csv) with { Bom = true };
        var text = await WriteAsync(source, output, s_answered);
        Assert.StartsWith("\uFEFFid;\"na\"\"me\";text;ai_status", text, StringComparison.Ordinal);
        Assert.Contains("\r\n", text, StringComparison.Ordinal);

        var after = await RowFiles.ReadAsync(source with { Path = output.Path });
        Assert.Equal(before.Select(RowFiles.Cells), after.Select(r => RowFiles.Cells(r)[..3]));
        Assert.Equal(before[0].Columns.Names, after[0].Columns.Names.Take(3));
    }

    [Fact]
    public async Task A_spread_array_fills_its_columns_and_the_last_holds_all_that_is_left()
    {
        var output = Output(OutputKind.Csv) with { Spread = new Dictionary<string, int> { ["subgenres"] = 3, ["note"] = 2 } };
        var text = await WriteAsync(
            _files.Csv("a\n1\n2\n"),
            output,
            s_answered,
            new RowVerdict(RowStatus.Answered, null, "{\"note\":\"x\", \"subgenres\" : [ \"only\" ],\"other\":[\"]\"]}"u8.ToArray()));
        Assert.Equal(
            "a,ai_status,ai_error,ai_energy,ai_subgenres_1,ai_subgenres_2,ai_subgenres_3,ai_note_1,ai_note_2\n"
            + "1,answered,,High,\"Modern \"\"Soul\"\"\",Neo;Soul,\"{\"\"a\"\":1};;2\",,\n"
            + "2,answered,,,only,,,x,\n",
            text);
    }

    [Fact]
    public async Task A_simulated_run_says_so_in_every_row()
    {
        var csv = await WriteAsync(_files.Csv("a\n1\n2\n"), Output(OutputKind.Csv) with { Prefix = "x_" }, simulated: true, new RowVerdict());
        Assert.Equal("a,x_status,x_error,x_energy,x_subgenres,x_note,x_simulated\n1,pending,,,,,true\n2,pending,,,,,true\n", csv);
        var jsonl = await WriteAsync(_files.Csv("a\n1\n"), Output(OutputKind.Jsonl), simulated: true, new RowVerdict());
        Assert.EndsWith(",\"ai_answer\":null,\"ai_simulated\":true}\n", jsonl, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receipt_stands_between_the_answer_and_the_mark_and_is_empty_where_there_is_none()
    {
        var receipt = new RowReceipt
        {
            Model = "a/\"x\",y",
            Prompt = "f00",
            RunId = "run",
            Call = 7,
            Attempt = 2,
            InputTokens = 12,
            CachedInputTokens = 3,
            OutputTokens = 4,
            Usd = 0.000000000123m,
            Latency = TimeSpan.FromMicroseconds(1234),
            FromCache = true,
            At = new DateTimeOffset(2026, 3, 1, 12, 0, 0, 5, TimeSpan.Zero),
        };
        var answered = new RowVerdict(RowStatus.Answered, null, "{}"u8.ToArray());
        RowVerdict[] verdicts =
        [
            answered with { Receipt = receipt },
            answered with { Receipt = receipt with { InputTokens = null, CachedInputTokens = null, OutputTokens = null, Usd = null, Latency = null, FromCache = false } },
            new RowVerdict(RowStatus.Pending, null, default),
        ];
        var csv = await WriteAsync(_files.Csv("a\n1\n2\n3\n"), Output(OutputKind.Csv) with { Receipt = true, Prefix = "x_" }, simulated: true, verdicts);
        Assert.Equal(
            "a,x_status,x_error,x_energy,x_subgenres,x_note,x_model,x_prompt,x_call,x_attempt,x_input_tokens,x_cached_input_tokens,x_output_tokens,x_usd,x_latency_ms,x_from_cache,x_answered_at,x_simulated\n"
            + "1,answered,,,,,\"a/\"\"x\"\",y\",f00,7,2,12,3,4,0.000000000123,1.2,true,2026-03-01T12:00:00.005Z,true\n"
            + "2,answered,,,,,\"a/\"\"x\"\",y\",f00,7,2,,,,,,false,2026-03-01T12:00:00.005Z,true\n"
            + "3,pending,,,,,,,,,,,,,,,,true\n",
            csv);
        var jsonl = await WriteAsync(_files.Csv("a\n1\n2\n3\n"), Output(OutputKind.Jsonl) with { Receipt = true }, simulated: true, verdicts);
        Assert.Equal(
            "{\"a\":\"1\",\"ai_status\":\"answered\",\"ai_error\":null,\"ai_answer\":{},\"ai_receipt\":{\"model\":\"a/\\\"x\\\",y\",\"prompt\":\"f00\",\"call\":7,\"attempt\":2,\"input_tokens\":12,\"cached_input_tokens\":3,\"output_tokens\":4,\"usd\":0.000000000123,\"latency_ms\":1.2,\"from_cache\":true,\"answered_at\":\"2026-03-01T12:00:00.005Z\"},\"ai_simulated\":true}\n"
            + "{\"a\":\"2\",\"ai_status\":\"answered\",\"ai_error\":null,\"ai_answer\":{},\"ai_receipt\":{\"model\":\"a/\\\"x\\\",y\",\"prompt\":\"f00\",\"call\":7,\"attempt\":2,\"input_tokens\":null,\"cached_input_tokens\":null,\"output_tokens\":null,\"usd\":null,\"latency_ms\":null,\"from_cache\":false,\"answered_at\":\"2026-03-01T12:00:00.005Z\"},\"ai_simulated\":true}\n"
            + "{\"a\":\"3\",\"ai_status\":\"pending\",\"ai_error\":null,\"ai_answer\":null,\"ai_receipt\":null,\"ai_simulated\":true}\n",
            jsonl);
    }

    [Theory]
    [InlineData(OutputKind.Csv)]
    [InlineData(OutputKind.Jsonl)]
    public async Task A_sink_without_rows_is_complete_too(OutputKind kind)
    {
        var text = await WriteAsync(_files.Csv("a\n"), Output(kind), new RowVerdict());
        Assert.Equal(kind == OutputKind.Csv ? "a,ai_status,ai_error,ai_energy,ai_subgenres,ai_note\n" : "", text);
    }

    [Fact]
    public async Task More_than_a_buffer_of_rows_arrives_in_order()
    {
        var source = _files.Csv("a\n" + string.Concat(Enumerable.Range(0, 30_000).Select(i => $"row {i}\n")));
        foreach (var kind in new[] { OutputKind.Csv, OutputKind.Jsonl })
        {
            await WriteAsync(source, Output(kind), s_answered);
            var after = await RowFiles.ReadAsync(source with { Path = Output(kind).Path, Kind = kind == OutputKind.Csv ? SourceKind.Csv : SourceKind.Jsonl });
            Assert.Equal(Enumerable.Range(0, 30_000).Select(i => $"row {i}"), after.Select(r => CellText.Read(r[0], r.Columns.Format)));
        }
    }

    [Fact]
    public void A_path_that_cannot_be_written_is_told_before_anything_is_spent()
    {
        var source = _files.Csv("a,ai_error\n");
        Assert.Equal("The output would overwrite the source.", Told(Output(OutputKind.Csv) with { Path = source.Path }, "output.csv"));
        Assert.EndsWith("is a folder, not a file.", Told(Output(OutputKind.Jsonl) with { Path = _files.Folder }, "output.jsonl"), StringComparison.Ordinal);
        Assert.Empty(RowSinks.Check(Output(OutputKind.Csv), source));
        Assert.Equal(["table.csv"], Directory.GetFiles(_files.Folder).Select(Path.GetFileName));

        string Told(OutputOptions output, string key)
        {
            var problem = Assert.Single(RowSinks.Check(output, source));
            Assert.Equal(key, problem.Key);
            return problem.Message;
        }
    }

    private OutputOptions Output(OutputKind kind) => new() { Kind = kind, Path = _files.Path($"out.{kind}") };

    private static Task<string> WriteAsync(SourceOptions source, OutputOptions output, params RowVerdict[] verdicts) =>
        WriteAsync(source, output, simulated: false, verdicts);

    /// <summary>Runs the source through the sink; the last verdict serves the rest of the rows.</summary>
    private static async Task<string> WriteAsync(SourceOptions source, OutputOptions output, bool simulated, params RowVerdict[] verdicts)
    {
        var profile = await RowSources.Open(source).ProfileAsync();
        Assert.Empty(profile.Problems);
        await using (var sink = RowSinks.Create(output, profile.Columns, s_properties, source.Delimiter, profile.NewLine, simulated))
        {
            foreach (var row in await RowFiles.ReadAsync(source))
                await sink.WriteAsync(row, verdicts[Math.Min(row.Index, verdicts.Length - 1)]);
            await sink.CompleteAsync();
        }

        return Encoding.UTF8.GetString(await File.ReadAllBytesAsync(output.Path));
    }
}
