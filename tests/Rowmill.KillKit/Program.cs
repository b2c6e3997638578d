using Rowmill.Cli;
using Rowmill.KillKit;
using Rowmill.Storage;

if (args is [Guest.Word, var folder]) return await Guest.RunAsync(folder);

// The real program, with a witness between SQLite and its files and a death that comes when it was told to.
var journal = new DiskJournal(Environment.GetEnvironmentVariable(DiskRecord.Variable)
    ?? throw new InvalidOperationException($"{DiskRecord.Variable} must name the journal"));
var death = new Death(Environment.GetEnvironmentVariable(KillMoment.Variable) is { Length: > 0 } text ? KillMoment.Parse(text) : null, journal);
DiskVfs.Install(SqliteLibrary.Handle(), journal, death);
Heart.Start(journal);

using var interrupts = new Interrupts();
return await App.RunAsync(args, CliHost.ForProcess(interrupts) with { Passed = moment => death.Passed(moment.ToString()) });
