using Rowmill.Storage.Limits;
using Rowmill.Storage.Sqlite;
using Rowmill.Tests.Stores;

namespace Rowmill.Tests.Storage;

public sealed class NewFileTests : IDisposable
{
    private const int Threads = 8;
    private const int Files = 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Many_may_open_a_store_that_is_not_there_yet() =>
        OpenAtOnce(path => StoreFile.OpenForWriting(path, new SqliteStoreOptions()));

    [Fact]
    public void Many_may_open_a_limits_file_that_is_not_there_yet() => OpenAtOnce(LimitsFile.Open);

    /// <summary>Every connection locks the file for itself: to SQLite threads are what processes are.</summary>
    private void OpenAtOnce(Func<string, IDisposable> open)
    {
        using var start = new Barrier(Threads);
        var failures = new List<Exception>();
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < Files; i++)
            {
                start.SignalAndWait();
                try
                {
                    open(_folder.File($"{i}.db")).Dispose();
                }
                catch (Exception e)
                {
                    lock (failures) failures.Add(e);
                }
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());

        Assert.Empty(failures);
    }
}
