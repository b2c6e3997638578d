using Rowmill.Core.Models;

namespace Rowmill.Core.Runs;

/// <summary>The client of a route that is not asked: its requests are written into files.</summary>
/// <param name="files">Writes them; null when nothing does.</param>
internal sealed class UnaskedClient(IBatchClient? files) : IModelClient
{
    public StructuredOutput StructuredOutput => files?.StructuredOutput ?? StructuredOutput.Text;

    public ValueTask<ModelResult> AskAsync(ModelRequest request, CancellationToken cancellationToken = default) => throw new InvalidOperationException("nothing is asked");

    public RequestPreview Preview(ModelRequest request) => throw new InvalidOperationException("nothing is asked");

    public IReadOnlyList<string> Losses(ModelRequest request) => [];
}
