namespace Rowmill.KillKit;

/// <summary>
/// Writes a record every so often, so that spans of time can be told in what this process got of it: where the machine gives it
/// no turn, its heart does not beat either.
/// </summary>
internal static class Heart
{
    public static void Start(DiskJournal journal)
    {
        var never = new ManualResetEventSlim();
        new Thread(Beat) { IsBackground = true, Name = "heart" }.Start();

        void Beat()
        {
            while (!never.Wait(TimeSpan.FromSeconds(1.0 / DiskRecord.BeatsPerSecond))) journal.Add(DiskRecordKind.Beat);
        }
    }
}
