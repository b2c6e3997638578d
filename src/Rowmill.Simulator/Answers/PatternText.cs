using System.Text;
using System.Text.RegularExpressions;

namespace Rowmill.Simulator.Answers;

/// <summary>Makes text that matches a regular expression, for the plain part of the language: literals, classes, groups, repetition.</summary>
internal sealed class PatternText
{
    private const int Attempts = 8;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";
    private const string Digits = "0123456789";

    private readonly string _pattern;
    private readonly StringBuilder _text = new();
    private ulong _seed;
    private int _at;

    private PatternText(string pattern, ulong seed)
    {
        _pattern = pattern;
        _seed = seed;
    }

    /// <summary>A text that matches and has so many characters; null when none was found.</summary>
    public static string? Make(string pattern, ulong seed, int minLength, int maxLength)
    {
        try
        {
            var expression = new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromMilliseconds(50));
            for (var attempt = 0UL; attempt < Attempts; attempt++)
            {
                var maker = new PatternText(pattern, Mix.With(seed, attempt));
                maker.Alternatives(emit: true);
                var text = maker._text.ToString();
                if (text.Length >= minLength && text.Length <= maxLength && expression.IsMatch(text)) return text;
            }
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException or IndexOutOfRangeException)
        {
            // A pattern .NET does not read, or one that ends in mid-air: any text will do.
        }

        return null;
    }

    private bool Ended => _at >= _pattern.Length;

    /// <summary>Walks over <c>a|b|c</c> and writes one of them.</summary>
    private void Alternatives(bool emit)
    {
        var start = _at;
        var count = 1;
        Sequence(emit: false);
        while (!Ended && _pattern[_at] == '|')
        {
            _at++;
            count++;
            Sequence(emit: false);
        }

        var end = _at;
        if (!emit) return;
        var chosen = Mix.Below(Next(), count);
        _at = start;
        for (var i = 0; i < count; i++)
        {
            Sequence(i == chosen);
            if (_at < end) _at++;
        }

        _at = end;
    }

    private void Sequence(bool emit)
    {
        while (!Ended && _pattern[_at] is not ('|' or ')'))
        {
            var start = _at;
            Atom(emit: false);
            var end = _at;
            var (min, max) = Repetition();
            var after = _at;
            if (emit)
            {
                var times = min + Mix.Below(Next(), max - min + 1);
                for (var i = 0; i < times; i++)
                {
                    _at = start;
                    Atom(emit: true);
                }
            }

            _at = Math.Max(after, end);
        }
    }

    private void Atom(bool emit)
    {
        var c = _pattern[_at++];
        switch (c)
        {
            case '(':
                if (_pattern.AsSpan(_at).StartsWith("?:", StringComparison.Ordinal)) _at += 2;
                Alternatives(emit);
                _at++;
                break;
            case '[':
                Class(emit);
                break;
            case '\\':
                Emit(Escape(_pattern[_at++]), emit);
                break;
            case '.':
                Emit(Letters, emit);
                break;
            case '^' or '$':
                break;
            default:
                Emit(c.ToString(), emit);
                break;
        }
    }

    private void Class(bool emit)
    {
        var negated = _pattern[_at] == '^';
        if (negated) _at++;
        var members = new StringBuilder();
        var first = true;
        while (first || _pattern[_at] != ']')
        {
            first = false;
            var c = _pattern[_at++];
            if (c == '\\')
            {
                members.Append(Escape(_pattern[_at++]));
            }
            else if (_pattern[_at] == '-' && _pattern[_at + 1] != ']')
            {
                var to = _pattern[_at + 1];
                _at += 2;
                for (var member = c; member <= to && members.Length < 512; member++) members.Append(member);
            }
            else
            {
                members.Append(c);
            }
        }

        _at++;
        var set = members.ToString();
        Emit(negated ? string.Concat((Letters + Digits + " ").Where(l => !set.Contains(l, StringComparison.Ordinal))) : set, emit);
    }

    private (int Min, int Max) Repetition()
    {
        if (Ended) return (1, 1);
        (int, int)? found = _pattern[_at] switch { '?' => (0, 1), '*' => (0, 4), '+' => (1, 5), _ => null };
        if (found is not null)
        {
            _at++;
        }
        else if (_pattern[_at] == '{' && _pattern.IndexOf('}', _at) is > 0 and var close)
        {
            var parts = _pattern[(_at + 1)..close].Split(',');
            if (!int.TryParse(parts[0], out var min)) return (1, 1);
            var max = parts.Length == 1 ? min : int.TryParse(parts[1], out var given) ? given : min + 4;
            _at = close + 1;
            found = (Math.Min(min, 1000), Math.Min(Math.Max(min, max), 1000));
        }

        if (found is not null && !Ended && _pattern[_at] == '?') _at++;
        return found ?? (1, 1);
    }

    private static string Escape(char c) => c switch
    {
        'd' => Digits,
        'w' => Letters + Digits + "_",
        's' => " ",
        'n' => "\n",
        't' => "\t",
        'b' or 'A' or 'Z' or 'z' => "",
        _ => c.ToString(),
    };

    private void Emit(string set, bool emit)
    {
        if (emit && set.Length > 0) _text.Append(set[Mix.Below(Next(), set.Length)]);
    }

    private ulong Next() => _seed = Mix.With(_seed, 7);
}
