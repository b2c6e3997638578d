using System.Buffers;
using System.Text;

namespace Rowmill.Core.Rows;

/// <summary>Finds where a file breaks its encoding. It reads the file a second time, byte by byte: only a broken file pays for it.</summary>
internal static class TextFault
{
    /// <summary>Adds a problem with the line of the first NUL byte, which outranks every other problem of the file.</summary>
    public static void AddNul(SourceOptions options, SourceProblems problems)
    {
        problems.Clear();
        using (var file = SourceText.OpenFile(options, problems))
        {
            if (file is null) return;
            var head = new byte[1024];
            var read = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            var marked = TextEncodings.ReadBom(head.AsSpan(0, read)).Name is not null;
            if (!marked && TextEncodings.GuessUtf16(head.AsSpan(0, read)) is { } utf16)
            {
                problems.Add(1, "The file looks like UTF-16 without a byte order mark.", $"Set source.encoding: {utf16}.");
                return;
            }
        }

        using var text = SourceText.Open(options, problems);
        if (text is null) return;
        var scan = new Scan(text);
        while (scan.Next(out var rune, out _, out _) && rune.Value != 0)
        {
        }

        problems.Add(scan.Line, "The line holds a NUL byte, so the file is not text.", "Save the table as text (CSV or JSONL).");
    }

    /// <summary>Adds one problem with the first byte that is not UTF-8 and the number of lines that hold such bytes.</summary>
    public static void AddInvalidUtf8(SourceOptions options, SourceProblems problems)
    {
        using var file = SourceText.OpenFile(options, problems);
        if (file is null) return;
        file.Position = SourceText.ReadMark(file).Length;
        var scan = new Scan(file);
        long first = 0, column = 0, lastLine = 0, lines = 0;
        byte value = 0;
        var has80To9F = false;
        while (scan.Next(out _, out var b, out var invalid))
        {
            if (!invalid) continue;
            has80To9F |= b is >= 0x80 and < 0xA0;
            if (scan.Line == lastLine) continue;
            lastLine = scan.Line;
            if (++lines > 1) continue;
            (first, column, value) = (scan.Line, scan.Column, b);
        }

        if (lines == 0)
        {
            problems.Add(null, "The file changed while it was read.", "Start again when nobody writes it.");
            return;
        }

        var more = lines == 1 ? "" : lines == 2 ? "; one more line has such bytes" : $"; {lines - 1} more lines have such bytes";
        problems.Add(
            first,
            $"Byte 0x{value:X2} at byte {column} of the line is not UTF-8{more}.",
            $"Set source.encoding: {TextEncodings.GuessOneByte(has80To9F)}, or save the file as UTF-8.");
    }

    /// <summary>Adds a problem with the line of the first bytes that another encoding than UTF-8 cannot decode.</summary>
    public static void AddUndecodable(SourceOptions options, SourceProblems problems)
    {
        using var file = SourceText.OpenFile(options, problems);
        if (file is null) return;
        var (mark, length) = SourceText.ReadMark(file);
        file.Position = length;
        // The marker is a noncharacter: no text holds it.
        const char Marker = '\uFFFF';
        var encoding = Encoding.GetEncoding(
            TextEncodings.Find(mark ?? options.Encoding)!.CodePage,
            EncoderFallback.ReplacementFallback,
            new DecoderReplacementFallback(Marker.ToString()));
        using var reader = new StreamReader(file, encoding, detectEncodingFromByteOrderMarks: false);
        long line = 1;
        var afterCr = false;
        int c;
        while ((c = reader.Read()) >= 0 && c != Marker)
        {
            if (c == '\r' || (c == '\n' && !afterCr)) line++;
            afterCr = c == '\r';
        }

        problems.Add(
            line,
            $"The line holds bytes that are not {mark ?? options.Encoding}.",
            "Set source.encoding to the file's encoding, or save the file as UTF-8.");
    }

    /// <summary>Walks through UTF-8 character by character, knowing the line.</summary>
    private struct Scan(Stream stream)
    {
        private readonly byte[] _buffer = new byte[1 << 16];
        private int _start;
        private int _end;
        private bool _afterCr;
        private bool _newLine;
        private long _next = 1;

        /// <summary>1-based line of the present character.</summary>
        public long Line { get; private set; } = 1;

        /// <summary>1-based byte within the line where the present character begins.</summary>
        public long Column { get; private set; }

        /// <summary>Moves to the next character; false at the end.</summary>
        public bool Next(out Rune rune, out byte first, out bool invalid)
        {
            if (_end - _start < 4) Refill();
            rune = default;
            first = 0;
            invalid = false;
            if (_start == _end) return false;
            if (_newLine) (Line, _next) = (Line + 1, 1);
            _newLine = false;
            first = _buffer[_start];
            invalid = Rune.DecodeFromUtf8(_buffer.AsSpan(_start, _end - _start), out rune, out var length) != OperationStatus.Done;
            if (invalid) length = 1;
            if (_afterCr && rune.Value != '\n') (Line, _next) = (Line + 1, 1);
            _afterCr = !invalid && rune.Value == '\r';
            _newLine = !invalid && rune.Value == '\n';
            Column = _next;
            _next += length;
            _start += length;
            return true;
        }

        private void Refill()
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            _end += stream.ReadAtLeast(_buffer.AsSpan(_end), 4, throwOnEndOfStream: false);
        }
    }
}
