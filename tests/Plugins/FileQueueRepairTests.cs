using System.Text;
using System.Text.Json;

namespace Refinery.Tests.Plugins;

/// <summary>Whatever a crash or a person does to the queue file, the queue opens with what can be read and says what could not.</summary>
public sealed class FileQueueRepairTests : IDisposable
{
    private const string A = """{"op":"add","step_id":"a","type":"t","priority":0,"rank":1,"enqueued_at":"2026-01-02T03:04:05Z"}""";
    private const string B = """{"op":"add","step_id":"b","type":"t","priority":0,"rank":2,"enqueued_at":"2026-01-02T03:04:05Z"}""";
    private const string PopA = """{"op":"pop","step_id":"a"}""";

    private readonly QueueFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_file_is_written_as_documented()
    {
        await using (var queue = await folder.OpenAsync())
        {
            await queue.EnqueueAsync([new("größe", "wheel_build", 5, 7, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))], CancellationToken.None);
            await queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None);
            await queue.EnqueueAsync([QueueFolder.Item("x")], CancellationToken.None);
            await queue.ClearAsync(CancellationToken.None);
        }

        Assert.Equal(
            [
                """{"op":"add","step_id":"größe","type":"wheel_build","priority":5,"rank":7,"enqueued_at":"2026-01-02T03:04:05Z"}""",
                """{"op":"pop","step_id":"größe"}""",
                """{"op":"add","step_id":"x","type":"wheel_build","priority":0,"rank":0,"enqueued_at":"2026-01-02T03:04:05Z"}""",
                """{"op":"clear"}""",
            ],
            await File.ReadAllLinesAsync(folder.QueueFile));
    }

    [Fact]
    public async Task A_killed_host_leaves_all_that_it_was_told()
    {
        await using var queue = await folder.OpenAsync();
        await queue.EnqueueAsync(QueueFolder.Items(10), CancellationToken.None);
        await queue.PopAsync(4, TimeSpan.Zero, CancellationToken.None);

        using var after = new QueueFolder();
        after.Write(folder.Snapshot());

        Assert.Equal(["step-4", "step-5", "step-6", "step-7", "step-8", "step-9"], await after.ReadAsync());
        Assert.Empty(after.Log.Warnings);
    }

    [Fact]
    public async Task A_last_record_torn_at_any_byte_is_cut_off()
    {
        var whole = Encoding.UTF8.GetBytes($"{A}\n{B}\n");
        var first = A.Length + 1;
        for (var length = first + 1; length < whole.Length; length++)
        {
            using var torn = new QueueFolder();
            torn.Write(whole[..length]);

            Assert.Equal(["a"], await torn.ReadAsync());
            Assert.Equal(first, new FileInfo(torn.QueueFile).Length);
            Assert.Equal(
                $"The last {length - first} bytes of the queue file {torn.QueueFile} are a torn record and were cut off; a step it named is found in the database.",
                Assert.Single(torn.Log.Warnings));
        }
    }

    [Fact]
    public async Task A_torn_pop_leaves_its_item_waiting()
    {
        var pop = Encoding.UTF8.GetBytes($"{A}\n{PopA}\n");
        for (var length = A.Length + 1; length < pop.Length; length++)
        {
            using var torn = new QueueFolder();
            torn.Write(pop[..length]);

            Assert.Equal(["a"], await torn.ReadAsync());
        }
    }

    [Fact]
    public async Task A_mended_file_goes_on()
    {
        folder.Write(Encoding.UTF8.GetBytes($"{A}\n{B[..20]}"));
        await using (var queue = await folder.OpenAsync())
        {
            await queue.EnqueueAsync([QueueFolder.Item("c", rank: 3)], CancellationToken.None);
        }

        Assert.Equal(["a", "c"], await folder.ReadAsync());
        Assert.All(await File.ReadAllLinesAsync(folder.QueueFile), line => JsonDocument.Parse(line).Dispose());
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\0\0\0\0")]
    [InlineData("no json at all")]
    [InlineData("""{"op":"mystery"}""")]
    [InlineData("""{"op":"add"}""")]
    [InlineData("""{"op":"add","step_id":null,"type":"t","priority":0,"rank":1,"enqueued_at":"2026-01-02T03:04:05Z"}""")]
    [InlineData("""{"op":"add","step_id":"x","type":"t","priority":"high","rank":1,"enqueued_at":"2026-01-02T03:04:05Z"}""")]
    [InlineData("""{"op":"add","step_id":"x","type":"t","priority":0,"rank":1,"enqueued_at":"yesterday"}""")]
    [InlineData("""{"op":"pop"}""")]
    [InlineData("""{"step_id":"a"}""")]
    public async Task A_line_that_is_no_record_is_skipped_and_named(string line)
    {
        folder.Write(Encoding.UTF8.GetBytes($"{A}\n{line}\n{B}\n"));

        Assert.Equal(["a", "b"], await folder.ReadAsync());
        Assert.Equal(
            $"Line 2 of the queue file {folder.QueueFile} is not a record and was skipped; a step it named is found in the database.",
            Assert.Single(folder.Log.Warnings));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_skipped()
    {
        folder.Write([.. Encoding.UTF8.GetBytes($"{A}\n{{\"op\":\"pop\",\"step_id\":\""), 0xFF, 0xFE, 0xC0, .. Encoding.UTF8.GetBytes($"\"}}\n{B}\n")]);

        Assert.Equal(["a", "b"], await folder.ReadAsync());
    }

    [Theory]
    [InlineData(255 * 1024)]
    [InlineData(256 * 1024)]
    [InlineData(257 * 1024)]
    [InlineData(2_000_000)]
    public async Task A_line_of_any_length_is_skipped(int length)
    {
        folder.Write(Encoding.UTF8.GetBytes($"{A}\n{new string('x', length)}\n{B}\n"));

        Assert.Equal(["a", "b"], await folder.ReadAsync());
        Assert.StartsWith("Line 2 ", Assert.Single(folder.Log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_torn_tail_is_cut_off()
    {
        folder.Write(Encoding.UTF8.GetBytes($"{A}\n{new string('x', 1_000_000)}"));

        Assert.Equal(["a"], await folder.ReadAsync());
        Assert.Equal(A.Length + 1, new FileInfo(folder.QueueFile).Length);
    }

    [Fact]
    public async Task Records_are_read_across_every_buffer_edge()
    {
        // Lines of every length around the reader's buffer, so that breaks fall on, before and after its edge.
        var text = new StringBuilder();
        for (var number = 0; text.Length < 1_200_000; number++)
        {
            text.Append(A.Replace("\"a\"", $"\"{number}-{new string('y', number % 1013)}\"", StringComparison.Ordinal)).Append('\n');
        }

        folder.Write(Encoding.UTF8.GetBytes(text.ToString()));

        Assert.Equal(text.ToString().Count(character => character == '\n'), (await folder.ReadAsync()).Length);
        Assert.Empty(folder.Log.Warnings);
    }

    [Fact]
    public async Task Many_bad_lines_do_not_flood_the_log()
    {
        folder.Write(Encoding.UTF8.GetBytes($"{A}\n{string.Concat(Enumerable.Repeat("bad\n", 5000))}"));

        Assert.Equal(["a"], await folder.ReadAsync());
        Assert.Equal(11, folder.Log.Warnings.Count);
        Assert.StartsWith("4990 more lines ", folder.Log.Warnings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_one_record_is_set_aside_whole()
    {
        folder.Write("somebody\nelse's file\n"u8.ToArray());
        await using (var queue = await folder.OpenAsync())
        {
            await queue.EnqueueAsync(QueueFolder.Items(1), CancellationToken.None);
        }

        Assert.Equal("somebody\nelse's file\n", await File.ReadAllTextAsync(folder.QueueFile + ".unreadable"));
        Assert.Equal(["step-0"], await folder.ReadAsync());
        Assert.Contains(folder.Log.Warnings, warning => warning.EndsWith("and the queue starts empty, to be filled from the database.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pop_of_what_does_not_wait_is_harmless()
    {
        folder.Write(Encoding.UTF8.GetBytes($"{PopA}\n{A}\n{B}\n{PopA}\n{PopA}\n"));

        Assert.Equal(["b"], await folder.ReadAsync());
        Assert.Empty(folder.Log.Warnings);
    }

    [Fact]
    public async Task Windows_line_breaks_are_read()
    {
        folder.Write(Encoding.UTF8.GetBytes($"{A}\r\n{B}\r\n"));

        Assert.Equal(["a", "b"], await folder.ReadAsync());
    }
}
