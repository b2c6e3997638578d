using Rowmill.Core.Rows;

namespace Rowmill.Tests.Rows;

public sealed class OccurrenceIndexTests : IDisposable
{
    private readonly RowFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(5_000)]
    [InlineData(0)]
    public void It_counts_as_a_dictionary_does_even_with_more_rows_than_expected(long expectedRows)
    {
        var random = new Random(7);
        var expected = new Dictionary<RowKey, long>();
        using var index = new OccurrenceIndex(_files.Folder, expectedRows);
        for (var i = 0; i < 5_000; i++)
        {
            // Low bits that collide, so that keys must be told apart by the rest; the key of zeros among them.
            var key = new RowKey((ulong)random.Next(40), (ulong)random.Next(50));
            var seen = expected.GetValueOrDefault(key);
            Assert.Equal(seen, index.Next(key));
            expected[key] = seen + 1;
        }
    }

    [Fact]
    public void Its_file_leaves_nothing_behind()
    {
        using (var index = new OccurrenceIndex(_files.Folder, 100))
        {
            Assert.Equal(0, index.Next(new RowKey(1, 1)));
            if (!OperatingSystem.IsWindows()) Assert.Empty(Directory.GetFiles(_files.Folder));
        }

        Assert.Empty(Directory.GetFiles(_files.Folder));
    }
}
