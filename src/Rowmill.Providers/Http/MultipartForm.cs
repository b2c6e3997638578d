using System.Text;

namespace Rowmill.Providers.Http;

/// <summary>A form with a file (RFC 7578), written as every server reads it.</summary>
internal sealed class MultipartForm : MultipartContent
{
    public MultipartForm()
        : this("rowmill-" + Guid.NewGuid().ToString("N"))
    {
    }

    private MultipartForm(string boundary)
        : base("form-data", boundary)
    {
        // Not every server takes it in quotes.
        Headers.Remove("Content-Type");
        Headers.TryAddWithoutValidation("Content-Type", $"multipart/form-data; boundary={boundary}");
    }

    public void AddField(string name, string value)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(value));
        content.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"{name}\"");
        Add(content);
    }

    /// <summary>Adds the one file.</summary>
    /// <param name="content">The file; it is disposed with the form.</param>
    /// <param name="name">Its name, of letters, digits, dots and hyphens.</param>
    /// <param name="type">Its media type.</param>
    public void AddFile(HttpContent content, string name, string type)
    {
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        content.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"file\"; filename=\"{name}\"");
        Add(content);
    }
}
