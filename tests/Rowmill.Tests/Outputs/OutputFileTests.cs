using Rowmill.Core;
using Rowmill.Core.Outputs;
using Rowmill.Tests.Rows;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Outputs;

public sealed class OutputFileTests : IDisposable
{
    private readonly RowFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void The_file_appears_whole_and_only_when_it_is_complete()
    {
        var path = _files.Path("sub/folder/out.csv");
        using var file = OutputFile.Create(path);
        file.Buffer.Append("half"u8);
        Assert.False(File.Exists(path));
        file.Buffer.Append(" and whole"u8);
        file.Complete();
        Assert.Equal("half and whole", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_files.Path("sub/folder")));
    }

    [Fact]
    public void What_was_there_stays_until_then_and_when_nothing_is_completed()
    {
        var path = _files.Path("out.csv");
        File.WriteAllText(path, "old");
        using (var file = OutputFile.Create(path))
        {
            file.Buffer.Append("new"u8);
            Assert.Equal("old", File.ReadAllText(path));
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_files.Folder));
    }

    [Fact]
    public void The_mode_of_a_replaced_file_is_kept_and_a_link_stays_a_link()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes and links are Unix's.");
        if (OperatingSystem.IsWindows()) return;
        var target = _files.Path("real.csv");
        var link = _files.Path("link.csv");
        File.WriteAllText(target, "old");
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite;
        File.SetUnixFileMode(target, Mode);
        File.CreateSymbolicLink(link, "real.csv");
        using (var file = OutputFile.Create(link))
        {
            file.Buffer.Append("new"u8);
            file.Complete();
        }

        Assert.Equal("new", File.ReadAllText(target));
        Assert.Equal(Mode, File.GetUnixFileMode(target));
        Assert.Equal("real.csv", new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void What_a_killed_process_left_is_removed_and_what_another_writes_is_not()
    {
        var path = _files.Path("out.csv");
        File.WriteAllText(_files.Path(".out.csv.left.tmp"), "half");
        File.WriteAllText(_files.Path(".other.csv.left.tmp"), "half");
        using var first = OutputFile.Create(path);
        first.Buffer.Append("first"u8);
        using var second = OutputFile.Create(path);
        Assert.False(File.Exists(_files.Path(".out.csv.left.tmp")));
        Assert.True(File.Exists(_files.Path(".other.csv.left.tmp")));
        second.Complete();
        first.Complete();
        Assert.Equal("first", File.ReadAllText(path));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_a_problem_with_a_fix()
    {
        File.WriteAllText(_files.Path("file"), "");
        Fails(_files.Path("file/out.csv"));
        Fails(_files.Folder);

        static void Fails(string path) =>
            Assert.NotNull(Assert.Single(Assert.Throws<ProblemException>(() => OutputFile.Create(path)).Problems).Fix);
    }

    [Fact]
    public async Task A_folder_this_user_may_not_write_is_a_problem()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are Unix's.");
        if (OperatingSystem.IsWindows()) return;
        var folder = Directory.CreateDirectory(_files.Path("shut")).FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await Nobody.RunAsync(() =>
        {
            Assert.Throws<ProblemException>(() => OutputFile.Create(Path.Combine(folder, "out.csv")));
            return Task.CompletedTask;
        });
    }
}
