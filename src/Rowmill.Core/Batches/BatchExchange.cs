using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>Files that go to another machine and come back, each with its checksum beside it.</summary>
internal static class BatchExchange
{
    private const string Sum = ".sha256";

    /// <summary>Copies a request file out, with a manifest. It is under its name when all of it is there.</summary>
    /// <exception cref="IOException">There is no room, or no right to write there; nothing is left behind.</exception>
    public static async ValueTask CopyOutAsync(BatchWork work, BatchRecord record, string path)
    {
        var part = path + ".part";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(work.Folder.Requests(record.Name), part, overwrite: true);
            var manifest = BatchManifest.Of(record, work.RouteOf(record)!.Route, path);
            await File.WriteAllTextAsync(path + ".manifest.json", BatchManifest.Text(manifest)).ConfigureAwait(false);
            // The form of sha256sum, which checks it anywhere.
            await File.WriteAllTextAsync(path + Sum, $"{record.Sha256}  {Path.GetFileName(path)}\n").ConfigureAwait(false);
            File.Move(part, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            foreach (var left in new[] { part, path + ".manifest.json", path + Sum })
                if (File.Exists(left)) File.Delete(left);
            throw new IOException($"{path} is not written: {e.Message}", e);
        }
    }

    /// <summary>Brings a result file in.</summary>
    /// <exception cref="ProblemException">It is not there, is not what its checksum says, or holds no results of this job.</exception>
    public static async Task ReadAsync(BatchWork work, string path)
    {
        await CheckAsync(path, work.Run.Stop.Stopping).ConfigureAwait(false);
        var (record, route) = await FindAsync(work, path).ConfigureAwait(false);
        if (record.Phase == BatchPhase.Ended) return; // it was read before
        var at = new BatchStations(work);
        var open = (await work.Environment.Batches.CountOpenAsync(record.Name).ConfigureAwait(false)).Lines;
        await at.Fetching.Harvest.ReadAsync(record, route, path).ConfigureAwait(false);
        var left = (await work.Environment.Batches.CountOpenAsync(record.Name).ConfigureAwait(false)).Lines;
        if (left == 0) await at.Fetching.EndReadAsync(record, route).ConfigureAwait(false);
        else
        {
            var seen = at.Fetching.Harvest.SeenOf(record.Name);
            var torn = seen.Unreadable == 0 ? "" : FormattableString.Invariant($" ({Counted.Of(seen.Unreadable, "line")} of it cannot be read, the first is line {seen.FirstUnreadable})");
            work.Run.Stop.Request(new StopReason(
                RunState.InBatches,
                $"{path} brought {Counted.Of(open - left, "request")} of {record.Name}{torn}; {left:N0} without a result: fetch them from another file, or free their rows with rowmill batch cancel --batch {record.Name}"));
        }
    }

    private static async Task CheckAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) throw new ProblemException(new Problem("There is no such file.") { File = path, Key = "--from" });
        if (!File.Exists(path + Sum)) return;
        var told = (await File.ReadAllTextAsync(path + Sum, cancellationToken).ConfigureAwait(false)).Split([' ', '\n', '\r', '\t'], 2)[0];
        var sum = await BatchFolder.ChecksumAsync(path, cancellationToken).ConfigureAwait(false);
        if (string.Equals(told, sum, StringComparison.OrdinalIgnoreCase)) return;
        throw new ProblemException(new Problem($"The file is not what its checksum says: {sum} instead of {told}.")
        {
            File = path,
            Key = "--from",
            Fix = $"Copy it again, or, if it was changed on purpose, delete {Path.GetFileName(path)}{Sum}.",
        });
    }

    private static Problem NotTaken(BatchRecord record, string path) => record.Phase == BatchPhase.Dropped
        ? new Problem($"The batch {record.Name} was cancelled: its rows are free, and its results belong to none any more.")
        {
            File = path,
            Key = "--from",
            Fix = "Ask the rows anew, with rowmill batch prepare --for or rowmill batch run.",
        }
        : new Problem($"The batch {record.Name} asks what the job asks no more.")
        {
            File = path,
            Key = "--from",
            Fix = "Take the edit of the job back to read them, or ask the rows anew.",
        };

    /// <summary>The batch that a result file is of, by the ids in it.</summary>
    private static async Task<(BatchRecord Record, BatchRoute Route)> FindAsync(BatchWork work, string path)
    {
        const int Looked = 100;
        var seen = 0;
        await foreach (var line in File.ReadLinesAsync(path).ConfigureAwait(false))
        {
            if (++seen > Looked) break;
            foreach (var route in work.Routes)
            {
                if (route.Client.ReadLine(System.Text.Encoding.UTF8.GetBytes(line)) is not { } answer) continue;
                if (work.Records.FirstOrDefault(r => r.Route == route.State.Id && BatchNaming.LineOf(answer.Id, r.Name) is not null) is not { } record) continue;
                if (record.Phase == BatchPhase.Dropped || !work.IsOfQuestion(record)) throw new ProblemException(NotTaken(record, path));
                return (record, route);
            }
        }

        throw new ProblemException(new Problem("The file holds no result of a batch of this job.")
        {
            File = path,
            Key = "--from",
            Fix = "Give the file that the batch runner wrote, for the job and the store that rowmill batch prepare --for used.",
        });
    }
}
