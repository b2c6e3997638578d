using System.Runtime.CompilerServices;

namespace Rowmill.SystemTests.Support;

/// <summary>Waits for what another process does.</summary>
internal static class Until
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    /// <summary>Returns when the condition holds; fails when it does not within minutes.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="every">Milliseconds between two looks.</param>
    /// <param name="words">What the condition says.</param>
    public static async Task TrueAsync(Func<bool> condition, int every = 5, [CallerArgumentExpression(nameof(condition))] string words = "")
    {
        var clock = TimeProvider.System;
        var began = clock.GetTimestamp();
        while (!condition())
        {
            if (clock.GetElapsedTime(began) > s_limit) throw new TimeoutException($"this never came true: {words}");
            await Task.Delay(TimeSpan.FromMilliseconds(every), clock, TestContext.Current.CancellationToken);
        }
    }
}
