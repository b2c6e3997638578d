using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>
/// Makes one file of several with the same columns, under one header. Of rows that are the same one is written, where the first of them stands: the
/// first that has an answer, otherwise the first. Rows stream twice, and memory does not grow with them.
/// </summary>
public sealed class RowMerge : IDisposable
{
    /// <summary>How many duplicates are told with their place.</summary>
    public const int Listed = 20;

    // What the table holds of a row: without an answer so far, answered, written; or Aside and where the line is that is written in its place.
    private const long Open = 1;
    private const long Answered = 2;
    private const long Written = -1;
    private const long Aside = 3;

    private readonly MergeOptions _options;
    private readonly IReadOnlyList<MergeTable> _tables;
    private readonly IReadOnlyList<string> _columns;
    private readonly IMergeLines _lines;
    private readonly ShownFields _key;
    private readonly RowTable _rows;
    private readonly MergeSpool _spool;
    private readonly ByteBuffer _line = new();
    private readonly ByteBuffer _text = new();
    private readonly List<(RowPlace Place, RowKey Key, bool Kept)> _listed = [];
    private readonly Dictionary<RowKey, RowPlace> _firsts = [];
    private long _duplicates;
    private long _replaced;
    private long _kept;

    private RowMerge(MergeOptions options, IReadOnlyList<MergeTable> tables)
    {
        _options = options;
        _tables = tables;
        var first = tables.FirstOrDefault(t => t.HasColumns) ?? tables[0];
        _columns = first.Columns;
        _key = new ShownFields(MergeTables.KeyColumns(options, _columns));
        _lines = first.Options.Kind == SourceKind.Csv
            ? new CsvMergeLines(_columns, first.Options.Delimiter, first.Profile.NewLine, HasMark(first))
            : new JsonlMergeLines();
        var folder = Path.GetTempPath();
        _rows = new RowTable(folder, tables.Sum(t => t.Profile.Rows));
        _spool = new MergeSpool(folder);
    }

    /// <summary>Merges files. The output appears under its name at once and whole.</summary>
    /// <exception cref="ProblemException">Everything that is wrong with the files or the output; nothing was written.</exception>
    /// <exception cref="IOException">The disk refused the output or a temporary file.</exception>
    public static async Task<MergeReport> RunAsync(MergeOptions options, CancellationToken cancellationToken = default)
    {
        var tables = await MergeTables.OpenAsync(options, cancellationToken).ConfigureAwait(false);
        using var merge = new RowMerge(options, tables);
        return await merge.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the temporary files.</summary>
    public void Dispose()
    {
        _rows.Dispose();
        _spool.Dispose();
    }

    private async Task<MergeReport> RunAsync(CancellationToken cancellationToken)
    {
        using var output = OutputFile.Create(_options.Output);
        await EachAsync(Compare, cancellationToken).ConfigureAwait(false);
        _lines.AppendHeader(output.Buffer);
        var files = await EachAsync((table, row) => Write(output, table, row), cancellationToken).ConfigureAwait(false);
        CheckUnchanged();
        output.Complete();
        return new MergeReport(files, _kept, _duplicates)
        {
            Replaced = _replaced,
            Listed = [.. _listed.Select(d => new DuplicateRow(d.Place, _firsts[d.Key], d.Kept))],
        };
    }

    private async Task<IReadOnlyList<MergedFile>> EachAsync(Action<MergeTable, Row> take, CancellationToken cancellationToken)
    {
        var files = new List<MergedFile>();
        foreach (var table in _tables)
        {
            var rows = 0L;
            await foreach (var row in table.Source.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                take(table, row);
                rows++;
            }

            files.Add(new MergedFile(table.Input, rows));
        }

        return files;
    }

    /// <summary>The first pass: finds what is there before, and puts aside what takes its place.</summary>
    private void Compare(MergeTable table, Row row)
    {
        var key = ShownFields.Key(_key.Format(row));
        var answered = HasAnswer(row);
        var was = _rows.Find(key, out var slot);
        if (was == 0)
        {
            _rows.Put(slot, key, was, answered ? Answered : Open);
            return;
        }

        _duplicates++;
        var replaces = was == Open && answered && !_options.KeepDuplicates;
        if (_listed.Count < Listed) _listed.Add((new RowPlace(table.Input.Name, row.Line), key, replaces || _options.KeepDuplicates));
        if (!replaces) return;
        _replaced++;
        _line.Clear();
        _lines.Append(_line, row);
        _rows.Put(slot, key, was, Aside + _spool.Add(_line.Written));
    }

    /// <summary>The second pass: writes each row where it first stands.</summary>
    private void Write(OutputFile output, MergeTable table, Row row)
    {
        if (_duplicates > 0)
        {
            var key = ShownFields.Key(_key.Format(row));
            var was = _rows.Find(key, out var slot);
            if (was != Written)
            {
                _rows.Put(slot, key, was, Written);
                if (_listed.Exists(d => d.Key == key)) _firsts.Add(key, new RowPlace(table.Input.Name, row.Line));
            }
            else if (!_options.KeepDuplicates)
            {
                return;
            }

            if (was >= Aside)
            {
                _spool.Append(output.Buffer, was - Aside);
                End(output);
                return;
            }
        }

        _lines.Append(output.Buffer, row);
        End(output);
    }

    private void End(OutputFile output)
    {
        output.EndLine();
        _kept++;
    }

    private bool HasAnswer(Row row)
    {
        var status = row.Columns.IndexOf(_options.Prefix + "status");
        if (status < 0) return false;
        var cell = row.Columns.Format == CellFormat.Json ? CellText.Utf8(row[status], _text) : row[status];
        return cell.SequenceEqual(OutputColumns.Word(RowStatus.Answered)) || cell.SequenceEqual(OutputColumns.Word(RowStatus.Abstained));
    }

    /// <summary>Two passes over a file that changed between them would lose rows.</summary>
    private void CheckUnchanged()
    {
        var changed = _tables.Where(t => t.Source.Stamp() != t.Profile.Stamp).ToList();
        if (changed.Count > 0)
            throw new ProblemException([.. changed.Select(t => new Problem("The file changed while it was read.") { File = t.Input.Name, Fix = "Merge again when nothing writes to it." })]);
    }

    /// <summary>A file that begins with a byte order mark in UTF-8, as spreadsheets want it.</summary>
    private static bool HasMark(MergeTable table)
    {
        using var file = SourceText.OpenFile(table.Options, new SourceProblems(table.Input.Name));
        return file is not null && SourceText.ReadMark(file).Name is "utf-8";
    }
}
