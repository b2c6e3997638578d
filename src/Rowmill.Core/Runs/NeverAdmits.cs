using System.Globalization;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>Finds, before anything is sent, that a route's windows are smaller than the smallest request.</summary>
internal static class NeverAdmits
{
    /// <summary>Compares the smallest request (the fixed prompt, one row, the expected reply) with every window of tokens.</summary>
    /// <param name="route">The route.</param>
    /// <param name="budget">Its budget.</param>
    /// <param name="windows">What binds it; see <see cref="WindowSpec.Of"/> for what the job writes down.</param>
    /// <param name="smallestRow">Estimated tokens of the fields of the smallest row; 0 when it is not known.</param>
    /// <returns>What is wrong, with the window, its limit and what is needed; null when a request fits.</returns>
    public static Problem? Check(Route route, PackBudget budget, IEnumerable<WindowSpec> windows, int smallestRow = 0)
    {
        var (input, output) = budget.Reserve(1, smallestRow);
        var charge = Reservations.For(route.Provider, new Demand(input, output));
        var binding = windows.Where(w => w.Measure != WindowMeasure.Requests && charge[w.Measure] > w.Limit)
            .OrderByDescending(w => (double)charge[w.Measure] / Math.Max(1, w.Limit)).FirstOrDefault();
        return binding is null ? null : new Problem(string.Create(
            CultureInfo.InvariantCulture,
            $"A request to {route.Name} needs {charge[binding.Measure]:N0} tokens even with its smallest row (about {input:N0} of prompt, {output:N0} reserved for the reply), and its limit of {LimitWords.Name(binding.Name)} never admits more than {binding.Limit:N0}."))
        {
            Key = $"limits.{binding.Name}",
            Fix = "Shorten the prompt or the answer schema, lower options.max_output_tokens, or use another model.",
        };
    }
}
