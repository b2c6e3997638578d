namespace Rowmill.Simulator.Answers;

/// <summary>A label as a careless model spells it.</summary>
internal static class LabelSpelling
{
    /// <summary>The same words in another case, with another separator between them; which ones follows from the label.</summary>
    public static string Another(string label)
    {
        var chance = Mix.Hash(label);
        var lower = label.ToLowerInvariant();
        var upper = label.ToUpperInvariant();
        var cased = label == lower || (label != upper && Mix.Below(chance, 2) == 0) ? upper : lower;
        ReadOnlySpan<char> separators = [' ', '-', '_'];
        var shift = 1 + Mix.Below(Mix.With(chance, 1), separators.Length - 1);
        var text = cased.ToCharArray();
        for (var i = 0; i < text.Length; i++)
        {
            if (separators.IndexOf(text[i]) is var at and >= 0) text[i] = separators[(at + shift) % separators.Length];
        }

        return new string(text);
    }
}
